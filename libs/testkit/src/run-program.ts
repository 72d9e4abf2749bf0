import { constants } from 'node:os';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How a program ended, and what it said. */
export interface ProgramResult {
  /** The exit code; 128 + signal when a signal ended it, as a shell tells it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What it reads; default: nothing. */
  readonly input?: string | Uint8Array;
  /** SIGKILL ends it after this time; default: 60 s. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { input, timeoutMs = 60_000, ...options }: RunProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(file, args, options);
  await once(child, 'spawn');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  child.stdin.on('error', () => {
    // It ended without reading all of its input: its code tells whether that is wrong.
  });
  child.stdin.end(input ?? '');
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  clearTimeout(timer);
  return { code: code ?? 128 + signalNumber(signal), stdout, stderr };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
