import { readFileSync } from 'node:fs';
import { isBerthError } from '@berth/errors';
import { engineStatus, startEngine, type ComponentName } from '@berth/launcher';
import { waitFor, type TestEngine } from '@berth/testkit';
import type { Random } from './random.ts';

const COMPONENTS: readonly ComponentName[] = [
  'container-service',
  'image-service',
  'volume-service',
  'registry-gateway',
  'native',
  'nats',
];

/** Steps at which container-service can be told to crash: apps/container-service/src/fault.ts. */
const FAULT_POINTS = [
  ...['create:begun', 'create:snapshot', 'create:row', 'start:row', 'start:files', 'start:spawned', 'start:running'],
  ...['exit:heard', 'exit:recorded', 'release:runtime', 'remove:row', 'clean:snapshot', 'clean:files'],
  ...['exec:row', 'exec:spawned', 'exec:exited', 'restart:waiting', 'restart:due', 'stop:row'],
];

/** What to kill next: mostly container-service, all, or any. */
export function chooseVictims(random: Random): readonly ComponentName[] {
  const kind = random.below(4);
  if (kind === 0) return COMPONENTS;
  if (kind === 1) return ['container-service'];
  const some = COMPONENTS.filter(() => random.chance(0.4));
  return some.length > 0 ? some : [random.pick(COMPONENTS)];
}

/** Sends them a signal, all at once, and returns when they are gone. */
export async function killComponents(
  { paths, env }: TestEngine,
  names: readonly ComponentName[],
  signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
): Promise<void> {
  const status = await engineStatus(paths, env);
  const pids = status.flatMap(({ name, pid }) => (pid !== null && names.includes(name) ? [pid] : []));
  for (const pid of pids) killProcess(pid, signal);
  await waitFor(() => !pids.some(isAlive), { what: `the end of ${names.join(', ')}` });
}

/** Kills the keeper of a container's first process: the process goes on. False when it has gone already. */
export function killKeeper(pid: number): boolean {
  const keeper = Number(/^PPid:\s+(\d+)/m.exec(readStatus(pid))?.[1] ?? 0);
  return keeper > 1 && killProcess(keeper);
}

/** Starts what is down. At times container-service is told to crash at one of its next steps, which may be while it recovers. */
export async function restart(
  engine: TestEngine,
  random: Random,
  points: readonly string[] = FAULT_POINTS,
): Promise<string | null> {
  const fault = random.chance(0.5) ? `${random.pick(points)}:${1 + random.below(3)}` : null;
  const { paths, env } = engine;
  // Each service has steps of its own.
  await startEngine({ paths, env, only: COMPONENTS.filter((name) => name !== 'container-service') });
  try {
    await startEngine({ paths, env: fault === null ? env : { ...env, BERTH_FAULT: fault } });
  } catch (error) {
    if (fault === null || !isBerthError(error, 'SERVICE_UNAVAILABLE')) throw error;
    await engine.start();
  }
  return fault;
}

/** True for a process that is no zombie. */
export function isAlive(pid: number): boolean {
  const status = readStatus(pid);
  return status !== '' && !/^State:\s+[ZX]/m.test(status);
}

/** False when it has gone already. */
export function killProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
