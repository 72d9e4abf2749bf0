import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './programs.ts';

/** The port in the container. */
export const IPERF_PORT = 5201;
const SECONDS = 2;
const TRIES = 40;

/** A way into a container. */
export interface Way {
  readonly name: string;
  /** A process of the container, in whose network the server runs. */
  readonly pid: number;
  /** What comes before a command that runs where the client is. */
  readonly client: readonly string[];
  readonly address: string;
  readonly port: number;
}

/** How many gigabits a second iperf3 gets into a container. */
export async function measureThroughput({ pid, client, address, port }: Way): Promise<number> {
  const server = ['--net', '--target', String(pid), 'iperf3', '--server', '--one-off', '--port', String(IPERF_PORT)];
  const child = spawn('nsenter', server, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const command = [
      ...client,
      'iperf3',
      '--client',
      address,
      '--port',
      String(port),
      '--time',
      String(SECONDS),
      '--json',
    ];
    return await runUntilItListens(command);
  } finally {
    child.kill();
    await ended;
  }
}

/** Before the server listens the client fails, or, where a proxy has taken its connection, tells of a reset. */
async function runUntilItListens(command: readonly string[]): Promise<number> {
  for (let left = TRIES; ; left--) {
    try {
      return readGigabits(await run(command));
    } catch (error) {
      if (left === 0) throw error;
      await sleep(50);
    }
  }
}

interface Report {
  readonly error?: string;
  readonly end?: { readonly sum_received?: { readonly bits_per_second: number } };
}

function readGigabits(json: string): number {
  const { error = 'no result', end } = JSON.parse(json) as Report;
  if (end?.sum_received === undefined) throw new Error(`iperf3: ${error}`);
  return end.sum_received.bits_per_second / 1e9;
}
