import { isBerthError } from '@berth/errors';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * What a start that failed exits with, as from a shell: 127 where something is not there and 126 where it cannot be used, the command or another
 * path; null for other failures. Docker's client and daemon look at the text for it too.
 */
export function startExitCode(error: unknown): number | null {
  if (isBerthError(error, 'COMMAND_NOT_FOUND')) return NOT_FOUND;
  if (isBerthError(error, 'COMMAND_NOT_EXECUTABLE')) return NOT_EXECUTABLE;
  if (!isBerthError(error)) return null;
  if (error.message.endsWith('no such file or directory')) return NOT_FOUND;
  return /(permission denied|not a directory|is a directory)$/.test(error.message) ? NOT_EXECUTABLE : null;
}
