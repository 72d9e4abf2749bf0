import { expect, test } from '@jest/globals';
import { DEFAULT_ISOLATION } from '../isolation.ts';
import { seccompWarning } from './seccomp-warning.ts';

test.each([
  [{}, null],
  [{ capabilitiesAdd: ['CAP_NET_ADMIN'] }, null],
  [{ capabilitiesAdd: ['CAP_SYS_ADMIN'], seccompProfile: 'unconfined' }, null],
  [{ capabilitiesAdd: ['ALL'], privileged: true }, null],
  [{ capabilitiesAdd: ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'] }, '(CAP_SYS_ADMIN)'],
  [{ capabilitiesAdd: ['ALL'] }, '(ALL)'],
])('%j warns: %s', (fields, part) => {
  const warning = seccompWarning({ ...DEFAULT_ISOLATION, ...fields });
  if (part === null) expect(warning).toBeNull();
  else expect(warning).toContain(part);
});
