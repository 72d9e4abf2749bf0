import type { Condition, FilterRule, FilterRules, Operator } from '../../src/seccomp/filter-rules.ts';

/** Of different numbers on the architectures, some in the table that x32 has for itself, one that is no call. */
const CALLS = [
  'read',
  'openat',
  'ioctl',
  'execve',
  'clone',
  'personality',
  'prctl',
  'rt_sigaction',
  'mmap',
  'set_tls',
  'faccessat2',
  'nonesuch',
];
const OPERATORS: readonly Operator[] = [
  'notEqual',
  'less',
  'lessOrEqual',
  'equal',
  'greaterOrEqual',
  'greater',
  'maskedEqual',
];
const ALLOW = 0x7fff_0000;
const ACTIONS = [ALLOW, 0x7ffc_0000, 0x0005_0001, 0x0005_0026, 0x0003_0000, 0x7ff0_0001, 0x8000_0000];
const ENOSYS = 0x0005_0026;
const VALUES = [
  0n,
  1n,
  2n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1_0000_0001n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/** A generator of numbers below 1, the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Rules for a few calls. `tame`: for one, with several conditions or several rules that are for one value of an argument, all with the
 * same action. Others libseccomp 2.5.4 gets wrong, where it does not loop for ever, and which of two rules with conditions
 * counts when both hold, it leaves open.
 */
export function randomRules(random: () => number, kind: 'tame' | 'wild'): FilterRules {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const times = <Item>(count: number, make: () => Item): Item[] => Array.from({ length: count }, make);
  const defaultAction = pick(ACTIONS);
  const condition = (argument: number): Condition => ({
    argument,
    operator: pick(OPERATORS),
    value: pick(VALUES),
    // A mask of nothing makes libseccomp take the rule for one without conditions.
    mask: pick(VALUES.slice(1)),
  });
  const someArguments = (): number[] => [0, 1, 5].filter(() => random() < 0.5);
  const rulesOf = (call: string): FilterRule[] => {
    const action = pick(ACTIONS);
    const ofOne = (): Condition[] => [{ ...condition(1), operator: 'equal' }];
    const tame = random() < 0.5 ? [someArguments().map(condition)] : someArguments().map(ofOne);
    const wild = times(3, () => someArguments().map(condition));
    const conditional =
      kind === 'tame'
        ? tame.map((conditions) => ({ call, action, conditions }))
        : wild.map((conditions) => ({ call, action: pick(ACTIONS), conditions }));
    return random() < 0.2 ? [...conditional, { call, action: pick(ACTIONS), conditions: [] }] : conditional;
  };
  const calls = [...new Set(times(kind === 'tame' ? 1 : 1 + Math.floor(random() * 6), () => pick(CALLS)))];
  return {
    machine: 'x86_64',
    architectures: new Set(['x86_64' as const, ...(['x86', 'x32'] as const).filter(() => random() < 0.7)]),
    defaultAction,
    unknownAction: random() < 0.5 ? ENOSYS : defaultAction,
    namedCalls: new Set(calls),
    rules: calls.flatMap(rulesOf).filter(({ action }) => action !== defaultAction),
  };
}

/** A generator of arguments that conditions could tell apart: each of their values, and its neighbours. */
export function createArguments({ rules }: FilterRules, random: () => number): () => bigint[] {
  const values = rules.flatMap(({ conditions }) => conditions.flatMap(({ value, mask }) => [value, value & mask]));
  const near = [...new Set([...values, ...VALUES])]
    .flatMap((value) => [value - 1n, value, value + 1n, value ^ (1n << 40n)])
    .map((value) => BigInt.asUintN(64, value));
  const pick = (): bigint => near[Math.floor(random() * near.length)] ?? 0n;
  return () => [pick(), pick(), pick(), pick(), pick(), pick()];
}
