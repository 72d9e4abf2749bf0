import { BerthError } from '@berth/errors';
import type { Failure } from '@berth/proto/native';
import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

const { EADDRINUSE, EOPNOTSUPP, ENODEV, ENOENT, EACCES, EISDIR, ENOEXEC, ENOSPC, EDQUOT, ESRCH, EPERM, ENOSYS } =
  constants.errno;

/** The error of a step that failed in the native helper, with the text that users know from Docker where there is one. */
export function toStartError(failure: Failure): BerthError {
  const { step, errorNumber, detail } = failure;
  if (errorNumber === ENOSPC || errorNumber === EDQUOT) {
    return new BerthError('DISK_FULL', startText(`${step}: ${detail}: ${describeErrno(errorNumber)}`));
  }
  if (step === 'exec') return toExecError(errorNumber, detail);
  if (step === 'setns' && errorNumber === ESRCH) return new BerthError('CONTAINER_NOT_RUNNING', detail);
  if (step === 'publish') {
    if (errorNumber === EADDRINUSE) return new BerthError('PORT_IN_USE', detail);
    return new BerthError('START_FAILED', `failed to bind host port ${detail}: ${describeErrno(errorNumber)}`);
  }
  if (step === 'network' && (errorNumber === ENODEV || errorNumber === ENOENT)) {
    return new BerthError('NETWORK_MISSING', startText(`${step}: ${detail}: ${describeErrno(errorNumber)}`));
  }
  if (step === 'apparmor') {
    const what = 'error during container init: unable to apply apparmor profile: apparmor failed to apply profile';
    const write = `write /proc/thread-self/attr/apparmor/exec: ${describeErrno(errorNumber)}`;
    return new BerthError('START_FAILED', startText(`${what}: ${write}`));
  }
  if (step === 'network' && errorNumber === EOPNOTSUPP) return new BerthError('KERNEL_TOO_OLD', detail);
  if (step === 'cwd') {
    return new BerthError(
      'START_FAILED',
      startText(`chdir to cwd ("${detail}") failed: ${describeErrno(errorNumber)}`),
    );
  }
  if (errorNumber === ENOSYS)
    return new BerthError('KERNEL_TOO_OLD', startText(`the kernel is too old: ${step}: ${detail}`));
  const cause = errorNumber === 0 ? '' : `: ${describeErrno(errorNumber)}`;
  return new BerthError('START_FAILED', startText(`${step}: ${detail}${cause}`));
}

function toExecError(errorNumber: number, command: string): BerthError {
  switch (errorNumber) {
    case ENOENT: {
      const why = command.includes('/')
        ? `stat ${command}: no such file or directory`
        : 'executable file not found in $PATH';
      return new BerthError('COMMAND_NOT_FOUND', startText(`exec: "${command}": ${why}`));
    }
    case EACCES:
    case EISDIR:
    case ENOEXEC:
    case EPERM:
      return new BerthError('COMMAND_NOT_EXECUTABLE', startText(`exec: "${command}": ${describeErrno(errorNumber)}`));
    case 0:
      return new BerthError('START_FAILED', startText(command));
    default:
      return new BerthError('START_FAILED', startText(`exec: "${command}": ${describeErrno(errorNumber)}`));
  }
}

function startText(text: string): string {
  return `unable to start container process: ${text}`;
}

/** Go's wording, which Docker's users know, is that of the C library in lower case. */
function describeErrno(errorNumber: number): string {
  if (errorNumber === ENOEXEC) return 'exec format error';
  if (errorNumber === EISDIR) return 'is a directory';
  return getSystemErrorMessage(-errorNumber) ?? `errno ${errorNumber}`;
}
