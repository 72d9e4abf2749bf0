import type { Condition, FilterRule } from './filter-rules.ts';
import type { Label, Program } from './program.ts';

/** Where arguments begin in struct seccomp_data, little endian: the low half of each comes first. */
const ARGUMENTS = 16;

/** What a condition compares, and what follows. */
interface Comparison extends Condition {
  readonly whenTrue: Label;
  readonly whenFalse: Label;
}

/** Puts in front: the first of `rules` whose conditions are met decides, else `action`. */
export function emitConditions(program: Program, rules: readonly FilterRule[], action: number): Label {
  return rules.reduceRight((otherwise, rule) => emitRule(program, rule, otherwise), program.ret(action));
}

function emitRule(program: Program, { action, conditions }: FilterRule, otherwise: Label): Label {
  return conditions.reduceRight(
    (target, condition) => emitCondition(program, { ...condition, whenTrue: target, whenFalse: otherwise }),
    program.ret(action),
  );
}

function emitCondition(program: Program, comparison: Comparison): Label {
  const { operator, whenTrue, whenFalse } = comparison;
  const negated = { ...comparison, whenTrue: whenFalse, whenFalse: whenTrue };
  switch (operator) {
    case 'equal':
      return emitEqual(program, { ...comparison, mask: ALL_BITS });
    case 'notEqual':
      return emitEqual(program, { ...negated, mask: ALL_BITS });
    case 'maskedEqual':
      return emitEqual(program, comparison);
    case 'greater':
      return emitOrder(program, 'greater', comparison);
    case 'lessOrEqual':
      return emitOrder(program, 'greater', negated);
    case 'greaterOrEqual':
      return emitOrder(program, 'greaterOrEqual', comparison);
    case 'less':
      return emitOrder(program, 'greaterOrEqual', negated);
  }
}

function emitEqual(program: Program, { argument, value, mask, whenTrue, whenFalse }: Comparison): Label {
  const offset = ARGUMENTS + argument * 8;
  const halfEqual = (at: number, shift: bigint, target: Label): Label => {
    const halfMask = half(mask, shift);
    if (halfMask === 0) return program.goTo(target);
    program.jump('equal', half(value & mask, shift), { whenTrue: target, whenFalse });
    if (halfMask !== LOW_BITS) program.and(halfMask);
    return program.load(at);
  };
  const low = halfEqual(offset, 0n, whenTrue);
  return halfEqual(offset + 4, 32n, low);
}

/** The low halves decide when the high ones are equal. */
function emitOrder(program: Program, test: 'greater' | 'greaterOrEqual', comparison: Comparison): Label {
  const { argument, value, whenTrue, whenFalse } = comparison;
  const offset = ARGUMENTS + argument * 8;
  const high = half(value, 32n);
  program.jump(test, half(value, 0n), { whenTrue, whenFalse });
  const low = program.load(offset);
  const tie = program.jump('equal', high, { whenTrue: low, whenFalse });
  program.jump('greater', high, { whenTrue, whenFalse: tie });
  return program.load(offset + 4);
}

const ALL_BITS = 0xffff_ffff_ffff_ffffn;
const LOW_BITS = 0xffff_ffff;

function half(value: bigint, shift: bigint): number {
  return Number(BigInt.asUintN(32, value >> shift));
}
