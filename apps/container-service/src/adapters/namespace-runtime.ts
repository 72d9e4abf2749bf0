import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError } from '@berth/errors';
import {
  attachKeeper,
  connectSpawner,
  isKeeperAlive,
  isProcessAlive,
  readBootId,
  readRecord,
  type KeeperRecord,
  type ProcessExit as NativeExit,
  type ProcessIdentity,
  type RunningProcess,
} from '@berth/namespaces';
import type { ProcessConnection, ProcessExit, ProcessState, StartedProcess } from '../ports/process.ts';
import type { Runtime } from '../ports/runtime.ts';
import { isFrozen, setFrozen } from './freezer.ts';
import {
  toNativeCgroup,
  toNativeContainer,
  toNativeDirectory,
  toNativeExec,
  toNativeInterface,
  toNativeMountContainer,
  toNativePublication,
  toNativeRootfs,
} from './native-plan.ts';

/** How long a keeper may take to clean up after an exit, and how often it is looked at. */
const RELEASE = { timeoutMs: 5_000, firstPollMs: 4, lastPollMs: 100 };
const ADOPTED_POLL_MS = 250;

/** The native helper that listens on a socket. */
export function connectNamespaceRuntime(nativeSocket: string): Runtime {
  const spawner = connectSpawner(nativeSocket);
  const bootId = readBootId();

  return {
    bootId,
    startContainer: async (plan) => toStarted(await spawner.startContainer(toNativeContainer(plan))),
    async beginContainer(plan) {
      const { finish, abandon } = await spawner.beginContainer(toNativeContainer(plan));
      return {
        finish: async (rootfs) => toStarted(await finish(toNativeRootfs(rootfs, plan.readonlyRoot))),
        abandon,
      };
    },
    startExec: async (plan) => toStarted(await spawner.startExec(toNativeExec(plan))),
    attach: async (stateDir, { output }) => toConnection(await attachKeeper(stateDir, { output })),
    adopt: (stateDir) => adoptProcess(readRecord(stateDir)?.process ?? null),
    inspect: (stateDir) => inspect(stateDir, bootId),
    isReleased,
    killGroup,
    setFrozen,
    isFrozen,
    async updateLimits(stateDir, cgroup) {
      const unchanged = { ...cgroup, deviceProgram: false, deviceRules: [] };
      await spawner.updateCgroup({ stateDir, cgroup: toNativeCgroup(unchanged) }).catch((error: unknown) => {
        if (!isBerthError(error, 'START_FAILED')) throw error;
        throw new BerthError('LIMIT_REFUSED', error.message);
      });
    },
    async cleanUp({ stateDir, hostInterface, cgroupDir, publication }) {
      await spawner.cleanUpContainer({
        stateDir,
        hostInterface,
        cgroup: toNativeDirectory(cgroupDir),
        publication: toNativePublication(publication),
      });
    },
    ensureNetwork: (network) =>
      spawner.ensureNetwork({ ...network, publishedPorts: [...network.publishedPorts], forward: true }),
    async inspectNetwork(table) {
      const { tableHandle, ipv6TableHandle, rules } = await spawner.inspectNetwork({ table });
      const isWhole = tableHandle > 0n && ipv6TableHandle > 0n;
      return { state: `${tableHandle} ${ipv6TableHandle} ${rules}`, isWhole };
    },
    connect: (stateDir, { interface: plan, ...routes }) =>
      spawner.connectContainer({ stateDir, interface: toNativeInterface(plan), ...routes }),
    disconnect: (stateDir, connection) => spawner.disconnectContainer({ stateDir, ...connection }),
    publish: (stateDir, publication, hostInterface) =>
      spawner.publishContainer({ stateDir, publication: toNativePublication(publication), hostInterface }),
    interfacesOf,
    ensureBridge: (bridge) => spawner.ensureBridge(bridge),
    ensureParent: (parent) => spawner.ensureParent(parent),
    removeBridge: (bridge) => spawner.removeBridge(bridge),
    processOf: (stateDir) => processOf(stateDir, bootId),
    mount: ({ rootfs, mounts }) => spawner.mountContainer(toNativeMountContainer(rootfs, mounts)),
    version: async () => (await spawner.ping()).version,
  };
}

/** From /proc/<pid>/net/dev, whose first two lines are titles. */
function interfacesOf(pid: number): string[] {
  const file = `/proc/${pid}/net/dev`;
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]?.trim() ?? '');
}

function processOf(stateDir: string, bootId: string): ProcessIdentity | null {
  const record = readRecord(stateDir);
  return record?.phase === 'running' && record.bootId === bootId ? record.process : null;
}

function toStarted(process: RunningProcess): StartedProcess {
  const { pid, startedUnixNanos, timings } = process.started;
  return { connection: toConnection(process), pid, startTimeNs: startedUnixNanos, timings };
}

function toConnection(process: RunningProcess): ProcessConnection {
  const exited = process.exited.then((exit) => {
    if (exit === null) throw new Error('the connection ended before the process');
    return toExit(exit);
  });
  exited.catch(() => {});
  return {
    output: process.output,
    exited,
    write: (data) => process.write(data),
    endInput: () => ignoringEnd(process.endInput()),
    resize: ({ rows, columns }) => ignoringEnd(process.resize(rows, columns)),
    signal: (number) => ignoringEnd(process.signal(number)),
    killAll: () => ignoringEnd(process.signal(9, { all: true })),
    close: () => process.close(),
  };
}

/** Whoever sends something to a process that has just ended learns of the end itself. */
function ignoringEnd(sent: Promise<void>): void {
  sent.catch(() => {});
}

function toExit({ exitCode, oomKilled, exitedUnixNanos }: NativeExit): ProcessExit {
  return { exitCode, oomKilled, timeNs: exitedUnixNanos, error: '' };
}

function inspect(stateDir: string, bootId: string): ProcessState {
  const record = readRecord(stateDir);
  if (record === null) return { state: 'lost' };
  if (record.exit !== null) return exitedState(record, record.exit);
  if (record.bootId !== bootId) return { state: 'lost' };
  if (isProcessAlive(record.keeper)) {
    return record.phase === 'running' ? runningState('running', record) : { state: 'starting' };
  }
  // Between the two looks the keeper may have written its last record and ended.
  const last = readRecord(stateDir);
  if (last?.exit) return exitedState(last, last.exit);
  if (last?.process && isProcessAlive(last.process)) return runningState('orphaned', last);
  return { state: 'lost' };
}

function exitedState(record: KeeperRecord, exit: NativeExit): ProcessState {
  return { state: 'exited', startTimeNs: record.startedUnixNanos ?? record.createdUnixNanos, exit: toExit(exit) };
}

function runningState(state: 'running' | 'orphaned', record: KeeperRecord): ProcessState {
  return { state, pid: record.process?.pid ?? 0, startTimeNs: record.startedUnixNanos ?? record.createdUnixNanos };
}

async function isReleased({ stateDir, hostInterface }: { stateDir: string; hostInterface: string }): Promise<boolean> {
  const deadline = performance.now() + RELEASE.timeoutMs;
  for (
    let pollMs = RELEASE.firstPollMs;
    performance.now() < deadline;
    pollMs = Math.min(pollMs * 2, RELEASE.lastPollMs)
  ) {
    // The keeper has just told the exit, and whoever waits for that goes first.
    await sleep(pollMs);
    // The interface goes with the network namespace, which the kernel takes apart some time after the last process.
    if (!isKeeperAlive(stateDir) && !existsSync(`/sys/class/net/${hostInterface}`)) return true;
  }
  return false;
}

/** Execs lead a session, and with it a process group of their own number. */
function killGroup(stateDir: string): void {
  const leader = readRecord(stateDir)?.process ?? null;
  if (leader === null || !isProcessAlive(leader)) return;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process whose keeper is gone: it can be signalled by its pid, as long as that is its own, and its end can be seen. */
function adoptProcess(identity: ProcessIdentity | null): ProcessConnection {
  const stopped = new AbortController();

  function send(signal: number): void {
    if (identity !== null && isProcessAlive(identity)) process.kill(identity.pid, signal);
  }

  async function waitForEnd(): Promise<never> {
    while (identity !== null && isProcessAlive(identity)) {
      await sleep(ADOPTED_POLL_MS, undefined, { signal: stopped.signal });
    }
    throw new Error('the process ended, and nobody recorded how');
  }

  const exited = waitForEnd();
  exited.catch(() => {});
  return {
    output: noOutput(exited),
    exited,
    write: () => Promise.resolve(),
    endInput: () => {},
    resize: () => {},
    signal: send,
    // The first process of a pid namespace takes all others with it.
    killAll: () => send(9),
    close: () => stopped.abort(),
  };
}

/** Ends when the process does. */
async function* noOutput(ended: Promise<never>): AsyncGenerator<never> {
  await ended.catch(() => {});
}
