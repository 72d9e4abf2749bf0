import type { CommandContext } from './context.ts';
import type { Options, OptionValues } from './options/option.ts';

/** How many arguments a command takes, as cobra's validators say it. */
export type ArgumentCount =
  | { readonly exactly: number }
  | { readonly atLeast: number; readonly atMost?: never }
  | { readonly atMost: number }
  | { readonly between: readonly [number, number] };

/** A command, without its name: that is where it is found. */
export interface Command<O extends Options = Options> {
  /** What follows the name in the usage line: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  readonly options: O;
  readonly args: ArgumentCount;
  /** False when the first argument ends the options, as for `run`. Default: true. */
  readonly interspersed?: boolean;
  /** Does it, and gives the exit code. */
  run(context: CommandContext, input: CommandInput<O>): Promise<number>;
}

/** What a command was asked. */
export interface CommandInput<O extends Options> {
  readonly options: OptionValues<O>;
  readonly given: ReadonlySet<keyof O>;
  readonly args: readonly string[];
  /** How the command was called: `berth container run`. */
  readonly path: string;
}

/** Ties the types of a command's options to its `run`. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  // The dispatcher hands each command the values of its own options, which is more than the type system can follow.
  return command as unknown as Command;
}
