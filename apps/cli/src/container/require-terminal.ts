import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

/** Refuses to give a process a terminal that is fed by something that is none. */
export function requireTerminal({ terminal }: CommandContext, wanted: boolean): void {
  if (wanted && !terminal.stdin) throw new CliError('the input device is not a TTY');
}
