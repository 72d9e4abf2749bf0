import { BerthError } from '@berth/errors';

/** What can be run. */
export interface CommandParts {
  /** Null: the image's entrypoint, and its command too when none is given. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[];
}

/** What the image would run. */
export interface ImageCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/**
 * The argument vector by Docker's rules, and how much of it is the entrypoint: an entrypoint of the user's own sets the image's command
 * aside, also an empty one. Throws COMMAND_MISSING when nothing is left.
 */
export function resolveCommand(
  user: CommandParts,
  image: ImageCommand,
): { arguments: string[]; entrypointCount: number } {
  const command = user.entrypoint === null && user.command.length === 0 ? image.cmd : user.command;
  const entrypoint = user.entrypoint ?? image.entrypoint;
  const resolved = [...entrypoint, ...command];
  if (resolved.length === 0) throw new BerthError('COMMAND_MISSING', 'no command specified');
  return { arguments: resolved, entrypointCount: entrypoint.length };
}
