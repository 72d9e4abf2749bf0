import { emitConditions } from './conditions.ts';
import { ARCHITECTURES, type Architecture, type FilterRules, type SyscallTables } from './filter-rules.ts';
import { createProgram, type Label, type Program } from './program.ts';
import { isSame, rangesOf, type Range } from './ranges.ts';

const KILL_PROCESS = 0x8000_0000;
/** Offsets in struct seccomp_data. */
const CALL = 0;
const ARCHITECTURE = 4;
const X32_BIT = 0x4000_0000;
/** What a tracer makes of a call that it wants skipped. */
const NO_CALL = 0xffff_ffff;

/**
 * Compiles rules to an array of struct sock_filter. Each architecture is a binary tree over the ranges of calls with the same verdict.
 * Throws INVALID_ARGUMENT when it would be longer than the kernel takes.
 */
export function compileFilter(rules: FilterRules, tables: SyscallTables): Buffer {
  const { machine, architectures } = rules;
  const sibling = machine === 'x86_64' ? 'x86' : 'arm';
  const program = createProgram();
  const stranger = program.ret(KILL_PROCESS);
  const emit = (architecture: Architecture): Label =>
    architectures.has(architecture) ? emitArchitecture(program, architecture, { rules, tables }) : stranger;
  const older = emit(sibling);
  const newer = emit(machine);
  const choice = program.jump('equal', ARCHITECTURES[sibling], { whenTrue: older, whenFalse: stranger });
  program.jump('equal', ARCHITECTURES[machine], { whenTrue: newer, whenFalse: choice });
  program.load(ARCHITECTURE);
  return program.toBuffer();
}

interface Input {
  readonly rules: FilterRules;
  readonly tables: SyscallTables;
}

function emitArchitecture(program: Program, architecture: Architecture, { rules, tables }: Input): Label {
  const ranges = rangesOf(architecture, rules, tables);
  const tree = emitTree(program, emitBlocks(program, ranges));
  program.goTo(architecture === 'x86_64' ? emitX32(program, tree, rules) : tree);
  return program.load(CALL);
}

/**
 * What comes before the tree of x86_64: x32 has the same numbers under a bit. Those that it does not have are not in the kernel's
 * table either.
 */
function emitX32(program: Program, tree: Label, { architectures, unknownAction }: FilterRules): Label {
  if (architectures.has('x32')) {
    program.goTo(tree);
    const strip = program.and(~X32_BIT >>> 0);
    return program.jump('greaterOrEqual', X32_BIT, { whenTrue: strip, whenFalse: tree });
  }
  const targets = { whenTrue: program.ret(unknownAction), whenFalse: program.ret(KILL_PROCESS) };
  const foreign = program.jump('equal', NO_CALL, targets);
  return program.jump('greaterOrEqual', X32_BIT, { whenTrue: foreign, whenFalse: tree });
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
