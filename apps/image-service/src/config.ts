import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { z } from 'zod';

/** What an operator can set. */
export interface Config {
  /** BERTH_LAYER_BIN: absolute path of berth-layer. Default: where `make` puts it in the source tree. */
  readonly layerProgram: string;
  /** BERTH_LAYER_MAX_ENTRIES: files in one layer. Default: 2,000,000. */
  readonly maxEntries: number;
  /** BERTH_LAYER_MAX_BYTES: bytes of one layer, unpacked. Default: 256 GiB. */
  readonly maxBytes: number;
  /** BERTH_MAX_DOWNLOADS: layers fetched at a time. Default: 3, as Docker. */
  readonly maxDownloads: number;
  /** BERTH_MAX_UPLOADS: layers pushed at a time. Default: 5, as Docker. */
  readonly maxUploads: number;
  /** BERTH_MAX_UNPACKS: layers unpacked at a time of those that are here; of all one more. Default: 2. */
  readonly maxUnpacks: number;
  /** BERTH_IMAGES_MAX_BYTES: bytes of all unpacked layers, above which images that nobody uses are removed. Default: null, never. */
  readonly imagesMaxBytes: number | null;
  /** BERTH_FAULT: where tests crash the service, see fault.ts. */
  readonly fault: string;
}

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

const schema = z.object({
  BERTH_LAYER_BIN: z.string().startsWith('/').optional(),
  BERTH_LAYER_MAX_ENTRIES: count(2_000_000),
  BERTH_LAYER_MAX_BYTES: count(256 * 2 ** 30),
  BERTH_MAX_DOWNLOADS: count(3),
  BERTH_MAX_UPLOADS: count(5),
  BERTH_MAX_UNPACKS: count(2),
  BERTH_FAULT: z.string().default(''),
  BERTH_IMAGES_MAX_BYTES: z.coerce.number().int().positive().optional(),
});

/** Reads the configuration from the environment. Throws INVALID_ARGUMENT. */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new BerthError('INVALID_ARGUMENT', z.prettifyError(parsed.error));
  const { data } = parsed;
  return Object.freeze({
    layerProgram: data.BERTH_LAYER_BIN ?? defaultLayerProgram(),
    maxEntries: data.BERTH_LAYER_MAX_ENTRIES,
    maxBytes: data.BERTH_LAYER_MAX_BYTES,
    maxDownloads: data.BERTH_MAX_DOWNLOADS,
    maxUploads: data.BERTH_MAX_UPLOADS,
    maxUnpacks: data.BERTH_MAX_UNPACKS,
    fault: data.BERTH_FAULT,
    imagesMaxBytes: data.BERTH_IMAGES_MAX_BYTES ?? null,
  });
}

/** From `src/` and from the bundle in `dist/` alike. */
function defaultLayerProgram(): string {
  return join(import.meta.dirname, '../../../libs/layers/native/build/berth-layer');
}
