import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:os';
import { toStartError } from './failure.ts';

const { errno } = constants;

describe('a failure of the native helper', () => {
  test.each([
    ['exec', errno.ENOENT, 'foo', 'COMMAND_NOT_FOUND', 'exec: "foo": executable file not found in $PATH'],
    ['exec', errno.ENOENT, '/foo', 'COMMAND_NOT_FOUND', 'exec: "/foo": stat /foo: no such file or directory'],
    ['exec', errno.EACCES, '/x', 'COMMAND_NOT_EXECUTABLE', 'exec: "/x": permission denied'],
    ['exec', errno.EISDIR, '/etc', 'COMMAND_NOT_EXECUTABLE', 'exec: "/etc": is a directory'],
    ['exec', errno.ENOEXEC, '/x', 'COMMAND_NOT_EXECUTABLE', 'exec: "/x": exec format error'],
    ['exec', errno.E2BIG, 'x', 'START_FAILED', 'exec: "x": argument list too long'],
    ['exec', 0, 'the process died while it was set up', 'START_FAILED', 'the process died while it was set up'],
    ['cwd', errno.ENOENT, '/nope', 'START_FAILED', 'chdir to cwd ("/nope") failed: no such file or directory'],
    ['mount', errno.ENOSPC, 'make /x', 'DISK_FULL', 'mount: make /x: no space left on device'],
    ['overlay', errno.EINVAL, 'lowerdir+=a', 'START_FAILED', 'overlay: lowerdir+=a: invalid argument'],
  ])('of %s with errno %i on "%s" is %s', (...row) => {
    const [step, errorNumber, detail, reason, text] = row;
    const error = toStartError({ step, errorNumber, detail });
    expect(error.reason).toBe(reason);
    expect(error.message).toBe(`unable to start container process: ${text}`);
  });

  test('of a profile that the host does not have is told in the words of runc', () => {
    const { reason, message } = toStartError({
      step: 'apparmor',
      errorNumber: errno.ENOENT,
      detail: 'take the profile',
    });
    expect(reason).toBe('START_FAILED');
    expect(message).toBe(
      'unable to start container process: error during container init: unable to apply apparmor profile: apparmor failed to apply profile: write /proc/thread-self/attr/apparmor/exec: no such file or directory',
    );
  });

  test('of a kernel that lacks a kind of interfaces tells what it needs, whoever asked', () => {
    const detail = 'the kernel has no ipvlan interfaces: it needs CONFIG_IPVLAN, or its module ipvlan';
    const { reason, message } = toStartError({ step: 'network', errorNumber: errno.EOPNOTSUPP, detail });
    expect({ reason, message }).toEqual({ reason: 'KERNEL_TOO_OLD', message: detail });
  });

  test('of entering a container that has ended tells that it does not run', () => {
    const error = toStartError({ step: 'setns', errorNumber: errno.ESRCH, detail: 'the container is not running' });
    expect(error.reason).toBe('CONTAINER_NOT_RUNNING');
  });
});
