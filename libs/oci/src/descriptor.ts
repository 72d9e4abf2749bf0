import { z } from 'zod';
import { isDigest } from './digest.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** What a digest names (https://github.com/opencontainers/image-spec/blob/main/descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes, exact. */
  readonly size: number;
  /** Only in an index. */
  readonly platform: Platform | null;
  /** Where else the content is; only foreign layers have any. */
  readonly urls: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | null;
}

/** Go's encoders write null for what is empty. */
const orEmpty = <T extends z.ZodType>(schema: T, empty: z.output<T>) => schema.nullish().transform((v) => v ?? empty);

export const annotationsSchema = orEmpty(z.record(z.string().max(4096), z.string()), {});

const platformSchema = z
  .object({
    os: z.string().max(64),
    architecture: z.string().max(64),
    variant: z.string().max(64).nullish(),
  })
  .transform(({ os, architecture, variant }) => normalizePlatform({ os, architecture, variant: variant || null }));

export const descriptorSchema: z.ZodType<Descriptor> = z
  .object({
    mediaType: z.string().min(1).max(255),
    digest: z.string().refine(isDigest, 'not a digest'),
    size: z.number().int().nonnegative(),
    platform: platformSchema.nullish(),
    urls: orEmpty(z.array(z.string().max(2048)).max(16), []),
    annotations: annotationsSchema,
    artifactType: z.string().max(255).nullish(),
  })
  .transform((value) => ({
    ...value,
    platform: value.platform ?? null,
    artifactType: value.artifactType || null,
  }));
