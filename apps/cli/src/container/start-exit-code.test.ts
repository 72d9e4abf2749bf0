import { expect, test } from '@jest/globals';
import { BerthError, type Reason } from '@berth/errors';
import { startExitCode } from './start-exit-code.ts';

test.each<[Reason, string, number | null]>([
  ['COMMAND_NOT_FOUND', 'exec: "x": executable file not found in $PATH', 127],
  ['COMMAND_NOT_EXECUTABLE', 'exec: "x": permission denied', 126],
  ['START_FAILED', 'chdir to cwd ("/x") failed: no such file or directory', 127],
  ['START_FAILED', 'chdir to cwd ("/x") failed: not a directory', 126],
  ['INVALID_ARGUMENT', 'device "/dev/x": no such file or directory', 127],
  ['USER_INVALID', 'unable to find user x: no matching entries in passwd file', null],
  ['NAME_SERVER_FAILED', 'no such file or directory is what it said', null],
])('%s, %j: %j', (reason, message, exitCode) => {
  expect(startExitCode(new BerthError(reason, message))).toBe(exitCode);
});
