import { expect, test } from '@jest/globals';
import { maskOf } from '../plan/capabilities.ts';
import { parseProfile } from './profile.ts';
import { selectRules, type FilterHost } from './select-rules.ts';

const HOST: FilterHost = { machine: 'x86_64', kernel: { major: 5, minor: 10 } };
const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;

function select(profile: object, capabilities: readonly string[] = [], host = HOST) {
  return selectRules(parseProfile(JSON.stringify(profile)), maskOf(capabilities), host);
}

/** The calls that a profile of one rule opens. */
function opened(rule: object, capabilities: readonly string[] = [], host = HOST): string[] {
  const syscalls = [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...rule }];
  return select({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }, capabilities, host)?.rules.map(({ call }) => call) ?? [];
}

test('a profile that says nothing makes no filter', () => {
  expect(select({})).toBeNull();
  expect(select({ defaultAction: '', syscalls: null })).toBeNull();
});

test.each([
  [{}, [], true],
  [{ includes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }, ['CAP_SYS_ADMIN'], false],
  [{ includes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }, ['CAP_SYS_ADMIN', 'CAP_BPF'], true],
  [{ includes: { caps: ['CAP_NO_SUCH'] } }, ['CAP_SYS_ADMIN'], false],
  [{ excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }, ['CAP_BPF'], false],
  [{ excludes: { caps: ['CAP_SYS_ADMIN'] } }, ['CAP_BPF'], true],
  [{ includes: { arches: ['amd64', 'x32'] } }, [], true],
  [{ includes: { arches: ['arm64'] } }, [], false],
  [{ excludes: { arches: ['amd64'] } }, [], false],
  [{ includes: { minKernel: '5.10' } }, [], true],
  [{ includes: { minKernel: '5.9' } }, [], true],
  [{ includes: { minKernel: '4.18' } }, [], true],
  [{ includes: { minKernel: '5.11' } }, [], false],
  [{ includes: { minKernel: '6.0' } }, [], false],
  [{ excludes: { minKernel: '5.10' } }, [], false],
])('%j with %j applies: %s', (rule, capabilities, applies) => {
  expect(opened(rule, capabilities)).toEqual(applies ? ['read'] : []);
});

test.each([
  [{}, ['x86_64']],
  [{ architectures: ['SCMP_ARCH_X86'] }, ['x86_64', 'x86']],
  [{ architectures: ['SCMP_ARCH_X32', 'SCMP_ARCH_MIPS'] }, ['x86_64', 'x32']],
  [
    {
      archMap: [
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      ],
    },
    ['x86_64', 'x86', 'x32'],
  ],
])('%j judges the calls of %j', (fields, architectures) => {
  expect([...(select({ defaultAction: 'SCMP_ACT_ALLOW', ...fields })?.architectures ?? [])]).toEqual(architectures);
});

test.each([
  ['SCMP_ACT_KILL', undefined, 0, ENOSYS],
  ['SCMP_ACT_KILL_THREAD', undefined, 0, ENOSYS],
  ['SCMP_ACT_KILL_PROCESS', undefined, 0x8000_0000, ENOSYS],
  ['SCMP_ACT_TRAP', undefined, 0x0003_0000, ENOSYS],
  ['SCMP_ACT_ERRNO', undefined, EPERM, ENOSYS],
  ['SCMP_ACT_ERRNO', 13, 0x0005_000d, ENOSYS],
  ['SCMP_ACT_TRACE', 2, 0x7ff0_0002, 0x7ff0_0002],
  ['SCMP_ACT_LOG', undefined, 0x7ffc_0000, 0x7ffc_0000],
  ['SCMP_ACT_ALLOW', undefined, ALLOW, ALLOW],
])('%s with the number %s', (defaultAction, defaultErrnoRet, action, unknownAction) => {
  const syscalls = [{ names: ['read'], action: 'SCMP_ACT_LOG' }];
  expect(select({ defaultAction, defaultErrnoRet, syscalls })).toMatchObject({ defaultAction: action, unknownAction });
  expect(select({ defaultAction, defaultErrnoRet })).toMatchObject({ defaultAction: action, unknownAction: action });
});

test('conditions on one argument are rules of their own, and what is true without a rule needs none', () => {
  const args = [
    { index: 0, op: 'SCMP_CMP_EQ', value: 1 },
    { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 6, valueTwo: 2 },
  ];
  const syscalls = [
    { names: ['read'], action: 'SCMP_ACT_ALLOW', args },
    { names: ['write'], action: 'SCMP_ACT_ERRNO' },
  ];
  const rules = select({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
  expect(rules?.namedCalls).toEqual(new Set(['read', 'write']));
  expect(rules?.rules).toEqual([
    { call: 'read', action: ALLOW, conditions: [{ argument: 0, operator: 'equal', value: 1n, mask: 0n }] },
    { call: 'read', action: ALLOW, conditions: [{ argument: 0, operator: 'maskedEqual', value: 2n, mask: 6n }] },
  ]);
});
