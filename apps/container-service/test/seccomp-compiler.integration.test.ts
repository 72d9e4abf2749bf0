import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory } from '@berth/testkit';
import { describe, expect, test } from '@jest/globals';
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES, maskOf } from '../src/plan/capabilities.ts';
import { compileFilter } from '../src/seccomp/compile.ts';
import { ARCHITECTURES, type Architecture, type Condition, type FilterRules } from '../src/seccomp/filter-rules.ts';
import { builtinProfile } from '../src/seccomp/filters.ts';
import { readSyscallTables } from '../src/seccomp/read-host.ts';
import { selectRules } from '../src/seccomp/select-rules.ts';
import { compileWithLibseccomp } from './support/libseccomp.ts';
import { createArguments, createRandom, randomRules } from './support/random-rules.ts';
import { runFilter } from './support/run-filter.ts';

const NATIVE = join(import.meta.dirname, '../../../libs/namespaces/native/build');
const TABLES = readSyscallTables(join(NATIVE, 'syscalls.json'));
const HOST = { machine: 'x86_64', kernel: { major: 6, minor: 1 } } as const;
const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const KILL_THREAD = 0;
const KILL_PROCESS = 0x8000_0000;
const X32_BIT = 0x4000_0000;

function numberOf(architecture: Architecture, call: string): number | null {
  const number = TABLES[architecture][call];
  if (number === undefined) return null;
  return architecture === 'x32' ? number + X32_BIT : number;
}

/** The verdict of a program on a call by name; null when the architecture has no such call. */
function verdict(program: Buffer, architecture: Architecture, call: string, ...args: bigint[]): number | null {
  const number = numberOf(architecture, call);
  if (number === null) return null;
  return runFilter(program, { architecture: ARCHITECTURES[architecture], number, arguments: args });
}

/** That of Debian 12 is of 2022. */
function isKnownToLibseccomp(call: string): boolean {
  const number = TABLES.x86_64[call] ?? TABLES.x86[call] ?? 0;
  return number < 457 && call !== 'uretprobe';
}

function isWide({ value, mask }: Condition): boolean {
  return value >> 32n !== 0n || mask >> 32n !== 0n;
}

/** Where ours and libseccomp's verdict differ otherwise than they should. */
function findDifference(rules: FilterRules, theirs: Buffer, random: () => number): string | null {
  const ours = compileFilter(rules, TABLES);
  const nextArguments = createArguments(rules, random);
  const calls = [...rules.namedCalls, 'write', 'kexec_load'].filter(isKnownToLibseccomp);
  for (const architecture of ['x86_64', 'x86', 'x32'] as const) {
    for (const call of calls) {
      // Of what 32-bit programs pass, and of what it is compared with, libseccomp looks at the low half only.
      const isNarrow = architecture !== 'x86_64';
      if (isNarrow && rules.rules.some((rule) => rule.call === call && rule.conditions.some(isWide))) continue;
      for (let round = 0; round < 4; round++) {
        const wide = nextArguments();
        const args = isNarrow ? wide.map((argument) => BigInt.asUintN(32, argument)) : wide;
        const [our, their] = [verdict(ours, architecture, call, ...args), verdict(theirs, architecture, call, ...args)];
        const isNamed = rules.namedCalls.has(call);
        if (!isNamed && our === rules.unknownAction && their === rules.defaultAction) continue;
        if (our === their || (our === KILL_PROCESS && their === KILL_THREAD)) continue;
        return JSON.stringify({ architecture, call, args: args.map(String), our, their, rules }, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value instanceof Set ? [...value] : value,
        );
      }
    }
  }
  return null;
}

test('filters of random rules have the verdicts of libseccomp', () => {
  const random = createRandom(7);
  const all = Array.from({ length: 2000 }, () => randomRules(random, 'tame'));
  const theirs = compileWithLibseccomp(all);
  expect(theirs).toHaveLength(all.length);
  for (const [index, rules] of all.entries()) {
    expect(findDifference(rules, theirs[index] ?? Buffer.alloc(0), random)).toBeNull();
  }
});

test('filters of random rules have the verdicts that the rules tell', () => {
  const random = createRandom(8);
  for (let round = 0; round < 1000; round++) {
    const rules = randomRules(random, 'wild');
    const filter = compileFilter(rules, TABLES);
    const nextArguments = createArguments(rules, random);
    for (const call of rules.namedCalls) {
      for (let each = 0; each < 8; each++) {
        const args = nextArguments();
        const found = verdict(filter, 'x86_64', call, ...args);
        const expected = expectedVerdict(rules, call, args);
        if (found !== null && found !== expected) expect([rules, call, args, found]).toBe(expected);
      }
    }
  }
});

function expectedVerdict({ rules, defaultAction }: FilterRules, call: string, args: readonly bigint[]): number {
  const own = rules.filter((rule) => rule.call === call);
  const met = own.find(({ conditions }) => conditions.every((condition) => holds(condition, args)));
  return (own.find(({ conditions }) => conditions.length === 0) ?? met)?.action ?? defaultAction;
}

function holds({ argument, operator, value, mask }: Condition, args: readonly bigint[]): boolean {
  const given = args[argument] ?? 0n;
  switch (operator) {
    case 'equal':
      return given === value;
    case 'notEqual':
      return given !== value;
    case 'less':
      return given < value;
    case 'lessOrEqual':
      return given <= value;
    case 'greater':
      return given > value;
    case 'greaterOrEqual':
      return given >= value;
    case 'maskedEqual':
      return (given & mask) === (value & mask);
  }
}

/** The builtin profile with these capabilities besides Docker's. */
function builtin(...capabilities: string[]): Buffer {
  const rules = selectRules(builtinProfile(), DEFAULT_CAPABILITIES | maskOf(capabilities), HOST);
  return rules === null ? Buffer.alloc(0) : compileFilter(rules, TABLES);
}

describe('the filter of the default profile', () => {
  const filter = builtin();

  test.each([
    ['read', [], ALLOW],
    ['mount', [], EPERM],
    ['clone3', [], ENOSYS],
    ['io_uring_setup', [], EPERM],
    ['keyctl', [], EPERM],
    ['removexattrat', [], ALLOW],
    ['socket', [2n], ALLOW],
    ['socket', [37n], ALLOW],
    ['socket', [38n], EPERM],
    ['socket', [39n], ALLOW],
    ['socket', [40n], EPERM],
    ['socket', [45n], ALLOW],
    ['socket', [0x1_0000_0026n], EPERM],
    ['socket', [0xdead_beef_0000_0028n], EPERM],
    ['clone', [0x120_0011n], ALLOW],
    ['clone', [0x1000_0011n], EPERM],
    ['personality', [0x2_0008n], ALLOW],
    ['personality', [0x40_0000n], EPERM],
  ])('%s %s', (call, args, expected) => {
    expect(verdict(filter, 'x86_64', call, ...args)).toBe(expected);
  });

  test('judges 32-bit programs too, and no others', () => {
    expect(verdict(filter, 'x86', 'read')).toBe(ALLOW);
    expect(verdict(filter, 'x86', 'mount')).toBe(EPERM);
    expect(verdict(filter, 'x86', 'socket', 38n)).toBe(EPERM);
    expect(verdict(filter, 'x32', 'read')).toBe(ALLOW);
    expect(verdict(filter, 'x32', 'mount')).toBe(EPERM);
    expect(verdict(filter, 'aarch64', 'read')).toBe(KILL_PROCESS);
  });

  test('calls newer than it do not exist', () => {
    for (const number of [467, 999, 0xffff_ffff, X32_BIT + 548]) {
      const call = { architecture: ARCHITECTURES.x86_64, number, arguments: [] };
      expect(runFilter(filter, call)).toBe(ENOSYS);
    }
  });

  test('holds in the kernel, and ordinary programs run under it', () => {
    using directory = createTemporaryDirectory();
    writeFileSync(join(directory.path, 'filter'), filter);
    const { stdout, status } = spawnSync(join(NATIVE, 'seccomp/kernel'), [join(directory.path, 'filter')], {
      encoding: 'utf8',
    });
    expect(stdout).not.toContain('not ok');
    expect(status).toBe(0);
  });

  test('is as libseccomp has it, for every call and every capability', () => {
    const masks = [0n, DEFAULT_CAPABILITIES, ALL_CAPABILITIES, DEFAULT_CAPABILITIES | maskOf(['CAP_SYS_ADMIN'])];
    const all = masks.map((mask) => selectRules(builtinProfile(), mask, HOST)).filter((rules) => rules !== null);
    const random = createRandom(11);
    for (const [index, theirs] of compileWithLibseccomp(all).entries()) {
      const rules = all[index];
      if (rules !== undefined) expect(findDifference(rules, theirs, random)).toBeNull();
    }
  });
});

describe('added capabilities open their calls and no others', () => {
  test.each([
    ['CAP_SYS_ADMIN', 'mount'],
    ['CAP_SYS_ADMIN', 'clone3'],
    ['CAP_SYS_TIME', 'clock_settime'],
    ['CAP_SYS_PTRACE', 'kcmp'],
    ['CAP_SYS_NICE', 'mbind'],
    ['CAP_SYSLOG', 'syslog'],
    ['CAP_BPF', 'bpf'],
    ['CAP_PERFMON', 'perf_event_open'],
    ['CAP_SYS_BOOT', 'reboot'],
    ['CAP_SYS_MODULE', 'init_module'],
    ['CAP_SYS_RAWIO', 'iopl'],
    ['CAP_SYS_PACCT', 'acct'],
    ['CAP_SYS_TTY_CONFIG', 'vhangup'],
    ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ])('%s: %s', (capability, call) => {
    expect(verdict(builtin(), 'x86_64', call)).not.toBe(ALLOW);
    expect(verdict(builtin(capability), 'x86_64', call)).toBe(ALLOW);
    expect(verdict(builtin(capability), 'x86_64', 'keyctl')).toBe(EPERM);
  });

  test('CAP_SYS_ADMIN lets clone make namespaces', () => {
    expect(verdict(builtin('CAP_SYS_ADMIN'), 'x86_64', 'clone', 0x1000_0011n)).toBe(ALLOW);
  });

  test('without CAP_SYS_CHROOT there is no chroot', () => {
    const rules = selectRules(builtinProfile(), 0n, HOST);
    expect(rules && verdict(compileFilter(rules, TABLES), 'x86_64', 'chroot')).toBe(EPERM);
    expect(verdict(builtin(), 'x86_64', 'chroot')).toBe(ALLOW);
  });
});

test('a rule for a call is one for what 32-bit x86 programs reach it through', () => {
  const rule = (call: string, conditions: Condition[] = []) => ({ call, action: EPERM, conditions });
  const isPacket: Condition = { argument: 0, operator: 'equal', value: 17n, mask: 0n };
  const allow = { call: 'connect', action: ALLOW, conditions: [isPacket] };
  const rules: FilterRules = {
    machine: 'x86_64',
    architectures: new Set(['x86_64', 'x86'] as const),
    defaultAction: 0x7ffc_0000,
    unknownAction: 0x7ffc_0000,
    namedCalls: new Set(['accept', 'bind', 'connect', 'shmat']),
    rules: [rule('accept'), rule('bind', [isPacket]), allow, rule('shmat')],
  };
  const [ours, theirs] = [compileFilter(rules, TABLES), compileWithLibseccomp([rules])[0] ?? Buffer.alloc(0)];
  for (const [call, number, expected] of [
    ['socketcall', 5n, EPERM],
    ['socketcall', 2n, EPERM],
    ['socketcall', 1n, 0x7ffc_0000],
    ['ipc', 21n, EPERM],
    ['ipc', 22n, 0x7ffc_0000],
  ] as const) {
    expect([call, number, verdict(ours, 'x86', call, number)]).toEqual([call, number, expected]);
    expect([call, number, verdict(theirs, 'x86', call, number)]).toEqual([call, number, expected]);
  }
  // Here libseccomp lets through what it should not, or looks at what the kernel does not.
  expect(verdict(ours, 'x86', 'socketcall', 3n)).toBe(0x7ffc_0000);
  expect(verdict(ours, 'x86', 'ipc', 0x1_0015n)).toBe(EPERM);
});

test('an aarch64 host judges its own calls and those of arm', () => {
  const rules = selectRules(builtinProfile(), DEFAULT_CAPABILITIES, { ...HOST, machine: 'aarch64' });
  const filter = rules === null ? Buffer.alloc(0) : compileFilter(rules, TABLES);
  expect(verdict(filter, 'aarch64', 'read')).toBe(ALLOW);
  expect(verdict(filter, 'aarch64', 'mount')).toBe(EPERM);
  expect(verdict(filter, 'arm', 'set_tls')).toBe(ALLOW);
  expect(runFilter(filter, { architecture: ARCHITECTURES.arm, number: 0xf_0006, arguments: [] })).toBe(ENOSYS);
  expect(verdict(filter, 'x86_64', 'read')).toBe(KILL_PROCESS);
});
