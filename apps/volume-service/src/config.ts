import { join } from 'node:path';
import { z } from 'zod';

/** Where `make` puts it in the source tree. */
const LAYER_PROGRAM = join(import.meta.dirname, '../../../libs/layers/native/build/berth-layer');

const environment = z.object({ BERTH_LAYER_BIN: z.string().startsWith('/').default(LAYER_PROGRAM) });

/** What this service is told by its environment. */
export interface Config {
  /** BERTH_LAYER_BIN: absolute path of berth-layer, which copies, reads and writes the files of volumes. */
  readonly layerProgram: string;
}

/** Reads the environment. Throws when it says what it cannot. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return Object.freeze({ layerProgram: environment.parse(env).BERTH_LAYER_BIN });
}
