import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { resolvePaths, type EnginePaths, type ServiceName } from '@berth/client';
import { ensureBusyboxImage, startEngine, type ComponentName } from '@berth/launcher';
import { removeEngine } from './remove-engine.ts';
import { runProgram, type ProgramResult, type RunProgramOptions } from './run-program.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const workspace = join(import.meta.dirname, '../../..');

const RUN_DIR_BYTES = 256 * 1024 * 1024;

/** The `berth` command. */
export const BERTH_COMMAND = join(workspace, 'apps/cli/bin/berth');

/** A whole engine of a test's own, under one temporary directory. */
export interface TestEngine extends AsyncDisposable {
  readonly root: string;
  readonly paths: EnginePaths;
  /** The environment that names this engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs the `berth` command. */
  berth(args: readonly string[], options?: Pick<RunProgramOptions, 'input' | 'timeoutMs'>): Promise<ProgramResult>;
  /** Starts again what does not run. */
  start(): Promise<void>;
  /** Ends its containers and processes, and removes its network, control groups and files. */
  stop(): Promise<void>;
}

export interface TestEngineOptions {
  /** Starts these processes only; default: all. */
  readonly only?: readonly ComponentName[];
  /** Imports the image busybox; default: when image-service is among the processes. */
  readonly busybox?: boolean;
  /** Gives a service's state directory a file system of its own, with this many bytes. */
  readonly diskLimits?: Partial<Record<ServiceName, number>>;
  /** Gives it a run directory in memory, as /run is on an installed host. */
  readonly runInMemory?: boolean;
  /** How long each of its processes may take until it answers; default: 30 s. */
  readonly startTimeoutMs?: number;
  /** Further settings for its processes. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts an engine. When that fails, nothing of it stays. */
export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const directory = createTemporaryDirectory();
  const root = directory.path;
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    LC_ALL: 'C.UTF-8',
    ...otherBuilds(),
    ...options.env,
    BERTH_ROOT: root,
  };
  const paths = resolvePaths(env);
  const { only, startTimeoutMs } = options;
  const start = () =>
    startEngine({ paths, env, ...(only && { only }), ...(startTimeoutMs && { timeoutMs: startTimeoutMs }) });
  const mounts: string[] = [];
  const mountTmpfs = async (path: string, sizeBytes: number): Promise<void> => {
    mkdirSync(path, { recursive: true });
    await runOrThrow('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0755`, 'berth-test', path]);
    mounts.push(path);
  };
  const stop = async () => {
    await removeEngine({ root, paths, env });
    for (const path of mounts) await runOrThrow('umount', [path]);
    directory[Symbol.dispose]();
  };
  try {
    for (const [service, sizeBytes] of Object.entries(options.diskLimits ?? {}) as [ServiceName, number][]) {
      await mountTmpfs(paths.serviceDir(service), sizeBytes);
    }
    if (options.runInMemory) await mountTmpfs(paths.runDir, RUN_DIR_BYTES);
    await start();
    if (options.busybox ?? only?.includes('image-service') ?? true) await ensureBusyboxImage(paths);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    root,
    paths,
    env,
    berth: (args, runOptions) => runProgram(BERTH_COMMAND, args, { env, ...runOptions }),
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Whoever runs the tests may want other builds of the native programs, as tools/sanitized.sh does. */
function otherBuilds(): NodeJS.ProcessEnv {
  const names = ['BERTH_NS_BIN', 'BERTH_LAYER_BIN', 'ASAN_OPTIONS', 'UBSAN_OPTIONS'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

async function runOrThrow(file: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(file, args);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}
