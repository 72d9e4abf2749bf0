import { BerthError } from '@berth/errors';
import { CliError, InterruptedError } from './cli-error.ts';
import { UnreachableError } from '@berth/client/connect-service';

/**
 * What is printed for a failure, and the exit code. Throws what is none: an interruption, which ends the command whatever else it had to do,
 * and a mistake in the program.
 */
export function describeError(error: unknown): { message: string; exitCode: number } {
  if (error instanceof InterruptedError) throw error;
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof UnreachableError) return { message: unreachableText(error), exitCode: 1 };
  if (error instanceof BerthError) return { message: `Error response from daemon: ${error.message}`, exitCode: 1 };
  if (isSystemError(error)) return { message: systemErrorText(error), exitCode: 1 };
  throw error;
}

function unreachableText({ socketPath, code }: UnreachableError): string {
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  return isForbidden
    ? `permission denied while trying to connect to the Berth engine at unix://${socketPath}`
    : `Cannot connect to the Berth engine at unix://${socketPath}. Is the engine running?`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ENOSPC: 'no space left on device',
};

/** `open x: no such file or directory`, as Go prints it. */
export function systemErrorText({ code = '', syscall, path, message }: NodeJS.ErrnoException): string {
  const reason = REASONS[code];
  return reason !== undefined && path !== undefined ? `${syscall} ${path}: ${reason}` : message;
}
