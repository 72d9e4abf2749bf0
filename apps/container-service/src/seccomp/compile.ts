import { emitConditions } from './conditions.ts';
import {
  ARCHITECTURES,
  type Architecture,
  type FilterRule,
  type FilterRules,
  type SyscallTables,
} from './filter-rules.ts';
import { createProgram, type Label, type Program } from './program.ts';

const KILL_PROCESS = 0x8000_0000;
/** Offsets in struct seccomp_data. */
const CALL = 0;
const ARCHITECTURE = 4;
const X32_BIT = 0x4000_0000;
/** Where x32's own entries begin in the table that it shares with x86_64. */
const X32_OWN = 512;
/** __ARM_NR_BASE */
const ARM_PRIVATE = 0x0f_0000;
/** What a tracer makes of a call that it wants skipped. */
const NO_CALL = 0xffff_ffff;

/** What happens to a call: the rules with conditions in order, then `action`. */
interface Verdict {
  readonly rules: readonly FilterRule[];
  readonly action: number;
}

/** The calls from `first` up to the next range. */
interface Range {
  readonly first: number;
  readonly verdict: Verdict;
}

/**
 * Compiles rules to an array of struct sock_filter. Each architecture is a binary tree over the ranges of calls with the same verdict.
 * Throws INVALID_ARGUMENT when it would be longer than the kernel takes.
 */
export function compileFilter(rules: FilterRules, tables: SyscallTables): Buffer {
  const { machine, architectures } = rules;
  const sibling = machine === 'x86_64' ? 'x86' : 'arm';
  const program = createProgram();
  const verdicts = judge(rules);
  const stranger = program.ret(KILL_PROCESS);
  const emit = (architecture: Architecture): Label =>
    architectures.has(architecture) ? emitArchitecture(program, architecture, { rules, verdicts, tables }) : stranger;
  const older = emit(sibling);
  const newer = emit(machine);
  const choice = program.jump('equal', ARCHITECTURES[sibling], { whenTrue: older, whenFalse: stranger });
  program.jump('equal', ARCHITECTURES[machine], { whenTrue: newer, whenFalse: choice });
  program.load(ARCHITECTURE);
  return program.toBuffer();
}

interface Input {
  readonly rules: FilterRules;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly tables: SyscallTables;
}

/** The verdict on each call that a rule is about. */
function judge({ rules, defaultAction }: FilterRules): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const [call, own] of Map.groupBy(rules, (rule) => rule.call)) {
    const unconditional = own.find(({ conditions }) => conditions.length === 0);
    verdicts.set(
      call,
      unconditional === undefined ? { rules: own, action: defaultAction } : { rules: [], action: unconditional.action },
    );
  }
  return verdicts;
}

function emitArchitecture(program: Program, architecture: Architecture, input: Input): Label {
  const { architectures, unknownAction } = input.rules;
  const ranges = rangesOf(architecture, input);
  const tree = emitTree(program, emitBlocks(program, ranges));
  if (architecture === 'x86_64') {
    if (architectures.has('x32')) {
      // The same numbers under a bit. Those that x32 does not have are not in the kernel's table either.
      program.goTo(tree);
      const strip = program.and(~X32_BIT >>> 0);
      program.jump('greaterOrEqual', X32_BIT, { whenTrue: strip, whenFalse: tree });
    } else {
      const targets = { whenTrue: program.ret(unknownAction), whenFalse: program.ret(KILL_PROCESS) };
      const foreign = program.jump('equal', NO_CALL, targets);
      program.jump('greaterOrEqual', X32_BIT, { whenTrue: foreign, whenFalse: tree });
    }
  } else {
    program.goTo(tree);
  }
  return program.load(CALL);
}

function rangesOf(architecture: Architecture, input: Input): Range[] {
  const own = numbersOf(architecture, input);
  switch (architecture) {
    case 'x86_64': {
      const x32 = input.rules.architectures.has('x32') ? numbersOf('x32', input) : [];
      return merge([
        ...segment(
          own.filter(([number]) => number < X32_OWN),
          0,
          input,
        ),
        ...segment(
          x32.filter(([number]) => number >= X32_OWN),
          X32_OWN,
          input,
        ),
      ]);
    }
    case 'arm':
      return merge([
        ...segment(
          own.filter(([number]) => number < ARM_PRIVATE),
          0,
          input,
        ),
        ...segment(
          own.filter(([number]) => number >= ARM_PRIVATE),
          ARM_PRIVATE,
          input,
        ),
      ]);
    default:
      return merge(segment(own, 0, input));
  }
}

/** The named calls that an architecture has, by number. */
function numbersOf(architecture: Architecture, { rules, tables }: Input): [number, string][] {
  const table = tables[architecture];
  const numbered = [...rules.namedCalls].flatMap((call): [number, string][] => {
    const number = Object.hasOwn(table, call) ? table[call] : undefined;
    return number === undefined ? [] : [[number, call]];
  });
  return numbered.sort(([a], [b]) => a - b);
}

/**
 * The ranges of the calls from `start` on, of which those in `named` have names. What lies above the highest gets the action for
 * unknown calls, as runc does it (libcontainer/seccomp/patchbpf): a program built later than the profile must see ENOSYS to take
 * its fallback.
 */
function segment(named: readonly [number, string][], start: number, { rules, verdicts }: Input): Range[] {
  const byDefault: Verdict = { rules: [], action: rules.defaultAction };
  const ranges = named.flatMap(([number, call]) => [
    { first: number, verdict: verdicts.get(call) ?? byDefault },
    { first: number + 1, verdict: byDefault },
  ]);
  const end = (named.at(-1)?.[0] ?? start - 1) + 1;
  const unknown: Verdict = { rules: [], action: rules.unknownAction };
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

function isSame(a: Verdict, b: Verdict): boolean {
  return a === b || (a.rules.length === 0 && b.rules.length === 0 && a.action === b.action);
}

/** A range whose conditions, when its verdict has some, stand in the program at `block`. */
interface Placed extends Range {
  readonly block: Label | null;
}

function emitBlocks(program: Program, ranges: readonly Range[]): Placed[] {
  return ranges.toReversed().map(emitBlock).reverse();

  function emitBlock({ first, verdict }: Range): Placed {
    const { rules, action } = verdict;
    return { first, verdict, block: rules.length === 0 ? null : emitConditions(program, rules, action) };
  }
}

/** The kernel walks the tree once for each call number when the filter is loaded. */
function emitTree(program: Program, ranges: readonly Placed[]): Label {
  const [low, middle, high] = ranges;
  if (low === undefined) throw new Error('no calls');
  const emitLeaf = ({ block, verdict }: Placed): Label => block ?? program.ret(verdict.action);
  if (middle === undefined) return emitLeaf(low);
  if (
    high !== undefined &&
    ranges.length === 3 &&
    high.first - middle.first === 1 &&
    isSame(low.verdict, high.verdict)
  ) {
    const targets = { whenTrue: emitLeaf(middle), whenFalse: emitLeaf(low) };
    return program.jump('equal', middle.first, targets);
  }
  const half = ranges.length >> 1;
  const [first] = ranges.slice(half);
  const above = emitTree(program, ranges.slice(half));
  const below = emitTree(program, ranges.slice(0, half));
  return program.jump('greaterOrEqual', first?.first ?? 0, { whenTrue: above, whenFalse: below });
}
