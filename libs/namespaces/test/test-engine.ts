import type { StartContainer, StartExec } from '@berth/proto/native';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  connectSpawner,
  readRecord,
  type OutputChunk,
  type OutputGap,
  type ProcessExit,
  type RunningProcess,
  type Spawner,
} from '../src/index.ts';
import {
  FIRST_ID,
  planCgroup,
  planContainer,
  planExec,
  planProcess,
  withUserNamespace,
  type PlanPlaces,
} from './test-plan.ts';

/** BERTH_NS names another build, such as the one under sanitizers. */
export const PROGRAM = resolve(process.env['BERTH_NS'] ?? join(import.meta.dirname, '../native/build/berth-ns'));
/** Runs a program as if on an older kernel: native/test/tools/without.c. */
export const WITHOUT = join(import.meta.dirname, '../native/build/without');
const BUSYBOX = '/bin/busybox';
const APPLETS = [
  'sh',
  'true',
  'ls',
  'cat',
  'echo',
  'sleep',
  'id',
  'mount',
  'stty',
  'ps',
  'mkdir',
  'readlink',
  'hostname',
  'dd',
];
const CGROUP2 = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';

/** A container of a test: its places, and what it takes to run it. */
export interface TestContainer {
  readonly places: PlanPlaces;
  /** The upper directory's view of the image is changed before the start; `image` is a layer of this container alone. */
  readonly image: string;
  plan(args: string[], changes?: Partial<StartContainer>): StartContainer;
  planExec(args: string[], changes?: Partial<StartExec>): StartExec;
}

/** A spawner in a directory of its own, with a busybox layer. Disposing ends everything and checks nothing. */
export interface TestEngine extends AsyncDisposable {
  readonly directory: string;
  readonly socketPath: string;
  readonly spawner: Spawner;
  /** A new container, with directories. */
  create(): TestContainer;
  /** Starts `args` in a new container and waits for its end. */
  run(args: string[], changes?: Partial<StartContainer>): Promise<RunResult>;
  /** Kills the spawner with SIGKILL and starts another. */
  restartSpawner(): Promise<void>;
}

export interface RunResult {
  readonly exit: ProcessExit | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what a process prints until it ends. */
export async function finish(process: RunningProcess): Promise<RunResult> {
  const texts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const chunk of process.output) {
    if (chunk.stream === 'log') throw new Error('the output has a gap');
    texts[chunk.stream].push(chunk.data);
  }
  const exit = await process.exited;
  return { exit, stdout: Buffer.concat(texts.stdout).toString(), stderr: Buffer.concat(texts.stderr).toString() };
}

/** What comes next of the output of a process that leaves no gap. */
export async function nextOutput(output: AsyncIterator<OutputChunk | OutputGap>): Promise<string | null> {
  const { value, done } = await output.next();
  if (done === true) return null;
  if (value.stream === 'log') throw new Error('the output has a gap');
  return Buffer.from(value.data).toString();
}

/** Waits until `condition` holds; fails after thirty seconds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + 30_000; !condition();) {
    if (performance.now() > deadline) throw new Error(`it never happened that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** BERTH_TEST_USERNS=1 gives the containers of every test a user namespace. */
const ALWAYS_USERNS = process.env['BERTH_TEST_USERNS'] === '1';

/**
 * `prefix` is a command that the spawner is run by: `['unshare', '-n']`. `userNamespaces`: containers have one, with the ids
 * from FIRST_ID on.
 */
export async function startTestEngine({
  prefix = [] as string[],
  userNamespaces = ALWAYS_USERNS,
} = {}): Promise<TestEngine> {
  const directory = mkdtempSync('/tmp/berth-');
  const socketPath = join(directory, 'native.sock');
  const cgroupDir = join(CGROUP2, `berth-test-${randomBytes(4).toString('hex')}`);
  const spawner = connectSpawner(socketPath);
  makeBusyboxLayer(join(directory, 'layers/busybox'));
  let child = await startSpawner(prefix, socketPath, cgroupDir);
  const containers: PlanPlaces[] = [];

  function create(): TestContainer {
    const places = makePlaces(directory, cgroupDir, containers.length);
    containers.push(places);
    let execs = 0;
    return {
      places,
      image: join(places.layersDir, places.lowerDirs[0] ?? ''),
      plan(args, changes) {
        const plan = planContainer(places, planProcess(args), changes);
        return userNamespaces ? withUserNamespace(plan, directory) : plan;
      },
      planExec(args, changes) {
        const stateDir = join(places.stateDir, `x${execs++}`);
        mkdirSync(stateDir, { mode: 0o700 });
        const userNamespace = userNamespaces ? { firstId: FIRST_ID, count: 65_536, storageDir: '' } : undefined;
        return { ...planExec(places, stateDir, planProcess(args)), userNamespace, ...changes };
      },
    };
  }

  return {
    directory,
    socketPath,
    spawner,
    create,
    run: async (args, changes) => finish(await spawner.startContainer(create().plan(args, changes))),
    async restartSpawner() {
      await stop(child, 'SIGKILL');
      child = await startSpawner(prefix, socketPath, cgroupDir);
    },
    async [Symbol.asyncDispose]() {
      for (const places of containers) await end(spawner, places);
      await spawner.removeNetwork({ bridge: '', table: '', unifiedDir: cgroupDir, legacyDirs: [] });
      await stop(child, 'SIGTERM');
      rmSync(directory, { recursive: true });
    },
  };
}

function makeBusyboxLayer(layer: string): void {
  mkdirSync(join(layer, 'bin'), { recursive: true });
  copyFileSync(BUSYBOX, join(layer, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(layer, 'bin', applet));
}

function makePlaces(directory: string, cgroupDir: string, number: number): PlanPlaces {
  const id = randomBytes(32).toString('hex');
  const base = join(directory, `c${number}`);
  const layersDir = join(directory, 'layers');
  const places = {
    id,
    stateDir: join(base, 'state'),
    layersDir,
    lowerDirs: [`image${number}`, 'busybox'],
    upperDir: join(base, 'upper'),
    workDir: join(base, 'work'),
    unifiedDir: join(cgroupDir, 'containers', id),
    logPath: join(base, 'log'),
  };
  mkdirSync(places.stateDir, { recursive: true, mode: 0o700 });
  for (const made of [places.upperDir, places.workDir, join(layersDir, `image${number}`)]) mkdirSync(made);
  return places;
}

async function startSpawner(prefix: string[], socketPath: string, cgroupDir: string): Promise<ChildProcess> {
  const [command = PROGRAM, ...args] = [
    ...prefix,
    PROGRAM,
    'spawner',
    '--socket',
    socketPath,
    '--cgroup-dir',
    cgroupDir,
  ];
  rmSync(socketPath, { force: true });
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  await eventually(() => existsSync(socketPath) || child.exitCode !== null, 'the spawner listens');
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Kills what a container's record, and those of its execs, name. */
async function end(spawner: Spawner, places: PlanPlaces): Promise<void> {
  const record = readRecord(places.stateDir);
  if (record?.phase === 'running' && record.process !== null) killIfPresent(record.process.pid);
  const kept = () => ['.', ...readdirSync(places.stateDir).filter((name) => /^x\d+$/.test(name))];
  await eventually(
    () => kept().every((name) => !isKept(join(places.stateDir, name))),
    `the keepers of ${places.id} end`,
  );
  const cgroup = planCgroup(places.unifiedDir);
  await spawner.cleanUpContainer({ stateDir: places.stateDir, hostInterface: '', cgroup, publication: undefined });
}

function isKept(stateDir: string): boolean {
  const keeper = readRecord(stateDir)?.keeper;
  return keeper !== undefined && existsSync(`/proc/${keeper.pid}`);
}

function killIfPresent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
