import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Where `make` puts it in the source tree. */
const LAYER_PROGRAM = join(import.meta.dirname, '../../../libs/layers/native/build/berth-layer');

const environment = z.object({
  BERTH_SECCOMP_FILE: z.string().optional(),
  BERTH_INIT_FILE: z.string().optional(),
  BERTH_LAYER_BIN: z.string().startsWith('/').default(LAYER_PROGRAM),
  BERTH_FAULT: z.string().default(''),
});

/** What this service is told by its environment. */
export interface Config {
  /** The filter of the default seccomp profile and capabilities: an array of struct sock_filter. */
  readonly seccompFilter: Buffer;
  /** The numbers of system calls, for all other filters. */
  readonly syscallTablesFile: string;
  /** The init of `--init`. */
  readonly initProgram: string;
  /** BERTH_LAYER_BIN: absolute path of berth-layer, which reads and writes the files of containers. */
  readonly layerProgram: string;
  /** Where to crash, in tests. */
  readonly fault: string;
}

/** Beside the bundle, seen from it and from the source tree. */
const SECCOMP_FILE = join(import.meta.dirname, '../dist/seccomp-default.bpf');
const SYSCALL_TABLES_FILE = join(import.meta.dirname, '../dist/syscalls.json');
const INIT_FILE = join(import.meta.dirname, '../../../libs/namespaces/native/build/berth-init');
const SOCK_FILTER_BYTES = 8;

/** Reads the environment, and the seccomp filter that it names. Throws when there is no filter: without one nothing is started. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const {
    BERTH_SECCOMP_FILE = SECCOMP_FILE,
    BERTH_INIT_FILE = INIT_FILE,
    BERTH_FAULT,
    BERTH_LAYER_BIN,
  } = environment.parse(env);
  const seccompFilter = readFileSync(BERTH_SECCOMP_FILE);
  if (seccompFilter.length === 0 || seccompFilter.length % SOCK_FILTER_BYTES !== 0) {
    throw new Error(`${BERTH_SECCOMP_FILE} is not a seccomp filter`);
  }
  return Object.freeze({
    seccompFilter,
    syscallTablesFile: SYSCALL_TABLES_FILE,
    layerProgram: BERTH_LAYER_BIN,
    initProgram: BERTH_INIT_FILE,
    fault: BERTH_FAULT,
  });
}
