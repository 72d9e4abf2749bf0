import { expect, test } from '@jest/globals';
import { toOciSeccomp } from './oci-seccomp.ts';

test('a profile becomes a list of the system calls that are for a container with these capabilities', () => {
  const action = 'SCMP_ACT_ALLOW';
  const args = [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }];
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { comment: 'files', names: ['read', 'write'], action },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['clone'], action, args },
      { names: ['kill'], action, excludes: { caps: ['CAP_CHOWN'] } },
      { names: ['chroot'], action, includes: { caps: ['CAP_CHOWN'] } },
      { names: ['mount'], action, includes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['set_tls'], action, includes: { arches: ['arm64'] } },
    ],
  };
  const { defaultAction, syscalls } = toOciSeccomp(JSON.stringify(profile), ['CAP_CHOWN']);
  expect(defaultAction).toBe('SCMP_ACT_ERRNO');
  expect(syscalls).toEqual([
    { names: ['read', 'write'], action },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    { names: ['clone'], action, args },
    { names: ['chroot'], action },
  ]);
});
