import { describe, expect, test } from '@jest/globals';
import { parseProfile } from './profile.ts';

function withRule(rule: object): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...rule }],
  });
}

test('a profile is read with what Docker leaves out or writes as null', () => {
  const text =
    '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":null,"listenerPath":"","x":1,"syscalls":[' +
    '{"name":"read","action":"SCMP_ACT_ALLOW","args":null,"comment":"","includes":{},"excludes":{"minKernel":"4.8"}}]}';
  expect(parseProfile(text)).toMatchObject({
    defaultErrnoRet: 38,
    archMap: [],
    syscalls: [{ names: ['read'], args: [], excludes: { caps: [], minKernel: { major: 4, minor: 8 } } }],
  });
});

test('numbers of 64 bits are read to the last one', () => {
  const text = withRule({ args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] });
  const [rule] = parseProfile(text.replace('"value":1', '"value":18446744073709551615')).syscalls;
  expect(rule?.args).toEqual([{ index: 0, op: 'SCMP_CMP_EQ', value: 0xffff_ffff_ffff_ffffn, valueTwo: 0n }]);
});

describe('is refused with the field:', () => {
  const arg = (fields: object): string => withRule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...fields }] });
  test.each([
    ['no JSON', 'builtin-ish', 'Decoding seccomp profile failed: Unexpected token'],
    ['what is cut off', '{"defaultAction":', 'Unexpected end of JSON input'],
    ['a list', '[]', 'expected object, received array'],
    ['nothing', 'null', 'expected object, received null'],
    ['what is nested too deep', '['.repeat(1e6), 'Decoding seccomp profile failed'],
    ['what is too large', JSON.stringify('x'.repeat(1 << 20)), 'larger than 1048576 bytes'],
    [
      'rules without a default',
      '{"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
      'defaultAction: it is missing',
    ],
    ['an unknown default', '{"defaultAction":"ALLOW"}', 'defaultAction: unknown action "ALLOW"'],
    ['a notification', withRule({ action: 'SCMP_ACT_NOTIFY' }), 'syscalls[0].action: SCMP_ACT_NOTIFY is not supported'],
    ['a listener', '{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}', 'listenerPath: '],
    ['an unknown flag', '{"defaultAction":"SCMP_ACT_ALLOW","flags":["X"]}', 'flags[0]: unknown flag "X"'],
    [
      'an unknown architecture',
      '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["x86"]}',
      'architectures[0]: unknown architecture "x86"',
    ],
    [
      'two kinds of architectures',
      '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86"}]}',
      'archMap: both',
    ],
    ['name and names', withRule({ name: 'write' }), "syscalls[0].name: both 'name' and 'names'"],
    ['names that are none', withRule({ names: [1] }), 'syscalls[0].names[0]: '],
    ['a seventh argument', arg({ index: 6 }), 'syscalls[0].args[0].index: '],
    ['an unknown operator', arg({ op: '==' }), 'syscalls[0].args[0].op: unknown operator "=="'],
    ['a value below zero', arg({ value: -1 }), 'syscalls[0].args[0].value: '],
    ['a value with a fraction', arg({ value: 1.5 }), 'syscalls[0].args[0].value: '],
    [
      'a value of 65 bits',
      arg({ value: 1 }).replace('"value":1', '"value":18446744073709551616'),
      'args[0].value: expected a number of at most 64 bits',
    ],
    ['an errno out of range', withRule({ action: 'SCMP_ACT_ERRNO', errnoRet: 4096 }), 'syscalls[0].errnoRet: '],
    ['an errno of what returns none', withRule({ errnoRet: 1 }), 'syscalls[0].errnoRet: only SCMP_ACT_ERRNO'],
    ['a version that is none', withRule({ includes: { minKernel: 'six' } }), 'syscalls[0].includes.minKernel: '],
  ])('%s', (_, text, message) => {
    expect(() => parseProfile(text)).toThrow(
      expect.objectContaining({ reason: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});
