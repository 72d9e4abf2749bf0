import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import type { ProcessConnection, ProcessExit } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';

/** What following needs. */
export interface FollowDeps {
  readonly runtime: Runtime;
  readonly nowNs: () => bigint;
  /** Ends the following: the process goes on, and the next start of the service follows it again. */
  readonly signal: AbortSignal;
}

/** What is followed. */
export interface FollowedProcess {
  readonly stateDir: string;
  /** The connection that there is already; null to make one. */
  readonly connection: ProcessConnection | null;
  /** Told of each connection that is used, the first included. */
  readonly onConnection: (connection: ProcessConnection) => void;
}

const POLL_MS = 250;
/** The exit code of a process whose own is not known: that of one which was killed. */
const UNKNOWN_EXIT_CODE = 137;

/**
 * Waits for the end of a process, over whatever happens to connections and keepers meanwhile: a lost connection is made again, a process
 * without a keeper is watched by its pid. Rejects only when the signal is aborted.
 */
export async function followProcess(deps: FollowDeps, process: FollowedProcess): Promise<ProcessExit> {
  const { runtime, signal } = deps;
  let { connection } = process;
  for (;;) {
    if (connection !== null) {
      process.onConnection(connection);
      const exit = await exitOf(connection, signal);
      if (exit !== null) return exit;
    }
    signal.throwIfAborted();
    connection = null;
    const found = runtime.inspect(process.stateDir);
    if (found.state === 'exited') return found.exit;
    if (found.state === 'lost')
      return unknownExit(deps.nowNs(), 'its keeper ended before it could record the exit code');
    if (found.state === 'orphaned') connection = runtime.adopt(process.stateDir);
    if (found.state === 'running')
      connection = await runtime.attach(process.stateDir, { output: false }).catch(() => null);
    if (connection === null) await sleep(POLL_MS, undefined, { signal });
  }
}

/** Null when the connection ends first. The signal ends it. */
async function exitOf(connection: ProcessConnection, signal: AbortSignal): Promise<ProcessExit | null> {
  const leave = (): void => connection.close();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await connection.exited.catch(() => null);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** What a client is told whose process goes on without it. */
export function serviceStopsError(): BerthError {
  return new BerthError('SERVICE_UNAVAILABLE', 'the service stops: the process goes on, attach to it again');
}

/** An exit of which only the fact is known. */
export function unknownExit(timeNs: bigint, why: string): ProcessExit {
  return { exitCode: UNKNOWN_EXIT_CODE, oomKilled: false, timeNs, error: `exit code unknown: ${why}` };
}
