import { describeError } from '../describe-error.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

/**
 * Does something to each of several objects. What is returned for one that worked is printed, failures are collected: all texts are
 * printed at the end, and the exit code is 1.
 */
export async function forEachObject(
  { stdout }: CommandContext,
  names: readonly string[],
  act: (name: string) => Promise<string>,
): Promise<number> {
  const failures: string[] = [];
  for (const name of names) {
    try {
      stdout.write(`${await act(name)}\n`);
    } catch (error) {
      failures.push(describeError(error).message);
    }
  }
  if (failures.length > 0) throw new CliError(failures.join('\n'));
  return 0;
}
