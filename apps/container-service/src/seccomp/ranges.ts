import type { Architecture, FilterRule, FilterRules, SyscallTables } from './filter-rules.ts';

/** Where x32's own entries begin in the table that it shares with x86_64. */
const X32_OWN = 512;
/** __ARM_NR_BASE */
const ARM_PRIVATE = 0x0f_0000;

/** What happens to a call: the rules with conditions in order, then `action`. */
export interface Verdict {
  readonly rules: readonly FilterRule[];
  readonly action: number;
}

/** The calls from `first` up to the next range. */
export interface Range {
  readonly first: number;
  readonly verdict: Verdict;
}

/** A call that has a verdict of its own. */
type Named = Range;

/** The calls of an architecture, from 0 on, in ranges with the same verdict; those of x86_64 with x32's own when that is judged too. */
export function rangesOf(architecture: Architecture, rules: FilterRules, tables: SyscallTables): Range[] {
  const own = nameCalls(architecture, rules, tables);
  switch (architecture) {
    case 'x86_64': {
      const x32 = rules.architectures.has('x32') ? nameCalls('x32', rules, tables) : [];
      return merge([...segment(below(own, X32_OWN), 0, rules), ...segment(from(x32, X32_OWN), X32_OWN, rules)]);
    }
    case 'arm':
      return merge([
        ...segment(below(own, ARM_PRIVATE), 0, rules),
        ...segment(from(own, ARM_PRIVATE), ARM_PRIVATE, rules),
      ]);
    default:
      return merge(segment(own, 0, rules));
  }
}

export function isSame(a: Verdict, b: Verdict): boolean {
  return a === b || (a.rules.length === 0 && b.rules.length === 0 && a.action === b.action);
}

/** The calls that a profile names and an architecture has, by number. */
function nameCalls(architecture: Architecture, rules: FilterRules, tables: SyscallTables): Named[] {
  const table = tables[architecture];
  const verdicts = judge(architecture, rules, tables);
  const named = [...verdicts].flatMap(([call, verdict]) => {
    const number = Object.hasOwn(table, call) ? table[call] : undefined;
    return number === undefined ? [] : [{ first: number, verdict }];
  });
  return named.sort((a, b) => a.first - b.first);
}

/** The verdict on each call that is named. */
function judge(architecture: Architecture, all: FilterRules, tables: SyscallTables): Map<string, Verdict> {
  const { namedCalls, defaultAction } = all;
  const byDefault: Verdict = { rules: [], action: defaultAction };
  const verdicts = new Map([...namedCalls].map((call) => [call, byDefault]));
  const rules = architecture === 'x86' ? [...all.rules, ...multiplexedRules(all, tables.x86Multiplexed)] : all.rules;
  for (const [call, own] of Map.groupBy(rules, (rule) => rule.call)) {
    const unconditional = own.find(({ conditions }) => conditions.length === 0);
    const { action } = unconditional ?? byDefault;
    verdicts.set(call, { rules: unconditional === undefined ? own : [], action });
  }
  return verdicts;
}

/**
 * 32-bit x86 programs reach many calls through `socketcall` and `ipc` too, by a number in the low 16 bits of the first argument
 * (above it `ipc` has a version): a rule for `socket` is one for that. The other arguments lie behind a pointer, where no filter
 * sees them; so a rule with conditions that lets a call through is not carried over, and one that does not is, whatever its
 * conditions.
 */
function multiplexedRules({ rules }: FilterRules, calls: SyscallTables['x86Multiplexed']): FilterRule[] {
  return Object.entries(calls).flatMap(([multiplexer, numbers]) =>
    rules.flatMap(({ call, action, conditions }): FilterRule[] => {
      const number = Object.hasOwn(numbers, call) ? numbers[call] : undefined;
      if (number === undefined || (conditions.length > 0 && letsThrough(action))) return [];
      const isNumber = { argument: 0, operator: 'maskedEqual', value: BigInt(number), mask: 0xffffn } as const;
      return [{ call: multiplexer, action, conditions: [isNumber] }];
    }),
  );
}

/** SECCOMP_RET_TRACE, LOG and ALLOW. */
function letsThrough(action: number): boolean {
  return action >= 0x7ff0_0000 && action <= 0x7fff_ffff;
}

function below(named: readonly Named[], end: number): Named[] {
  return named.filter(({ first }) => first < end);
}

function from(named: readonly Named[], start: number): Named[] {
  return named.filter(({ first }) => first >= start);
}

/**
 * The ranges of the calls from `start` on, of which those in `named` have names. What lies above the highest gets the action for
 * unknown calls, as runc does it (libcontainer/seccomp/patchbpf): a program built later than the profile must see ENOSYS to take
 * its fallback.
 */
function segment(named: readonly Named[], start: number, { defaultAction, unknownAction }: FilterRules): Range[] {
  const byDefault: Verdict = { rules: [], action: defaultAction };
  const ranges = named.flatMap((range) => [range, { first: range.first + 1, verdict: byDefault }]);
  const end = (named.at(-1)?.first ?? start - 1) + 1;
  const unknown: Verdict = { rules: [], action: unknownAction };
  return [{ first: start, verdict: byDefault }, ...ranges, { first: end, verdict: unknown }];
}

/** Of ranges that begin at the same call the last counts; of neighbours with the same verdict, the first. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const [index, range] of ranges.entries()) {
    if (ranges[index + 1]?.first === range.first) continue;
    const before = merged.at(-1);
    if (before === undefined || !isSame(before.verdict, range.verdict)) merged.push(range);
  }
  return merged;
}
