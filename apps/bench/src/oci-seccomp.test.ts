import { expect, test } from '@jest/globals';
import { toOciSeccomp } from './oci-seccomp.ts';

test('a profile becomes a list of system calls', () => {
  const { defaultAction, syscalls } = toOciSeccomp(`
# comment
default errno EPERM
allow read write # these
errno ENOSYS clone3
allow clone if arg0 & 0x7e020000 == 0
allow socket if arg0 & 0xffffffff != 38 and arg0 & 0xffffffff != 40
`);
  expect(defaultAction).toBe('SCMP_ACT_ERRNO');
  expect(syscalls).toEqual([
    { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }] },
  ]);
});
