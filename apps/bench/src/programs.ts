import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program and gives its stdout. Throws with its stderr when it fails. */
export async function run(command: readonly string[]): Promise<string> {
  const [file = '', ...args] = command;
  const { stdout } = await execute(file, args, { timeout: 300_000, maxBuffer: 1 << 26 });
  return stdout.trim();
}

/** The first line of what a failed program said. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ENOENT') return 'is not installed';
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return (said || error.message).split('\n')[0] ?? '';
}
