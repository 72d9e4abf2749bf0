import { BerthError } from '@berth/errors';

/** BPF_MAXINSNS: the most instructions that the kernel takes. */
const PROGRAM_SIZE = 4096;
/** How far the 8-bit offset of a conditional jump reaches, less what `jump` itself may put between. */
const REACH = 255 - 4;

/** linux/bpf_common.h */
const LOAD_ABSOLUTE = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP_ALWAYS = 0x05; // BPF_JMP | BPF_JA
const RETURN = 0x06; // BPF_RET | BPF_K
const JUMPS = { equal: 0x15, greater: 0x25, greaterOrEqual: 0x35 } as const;

/** A place in a program, counted from its end, so that it stays true while instructions are put in front. */
export type Label = number;

interface Instruction {
  readonly code: number;
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
}

/**
 * An assembler for classic BPF. A program is built from its last instruction to its first: a jump leads forward only, so whatever
 * it leads to exists already. Each method puts one or more instructions in front and returns the label of the first. All throw
 * INVALID_ARGUMENT when the program grows longer than the kernel takes.
 */
export interface Program {
  /** Loads 32 bits at `offset` of struct seccomp_data. Goes on to the instruction put before it, as `and` does. */
  load(offset: number): Label;
  and(mask: number): Label;
  /** Compares what is loaded with `value`, without a sign. */
  jump(test: keyof typeof JUMPS, value: number, targets: { whenTrue: Label; whenFalse: Label }): Label;
  /** Nothing, when the target is what was put in front last. */
  goTo(target: Label): Label;
  /** A `ret value` that a jump put in front next can reach: an existing one when near enough. */
  ret(value: number): Label;
  /** An array of struct sock_filter. */
  toBuffer(): Buffer;
}

export function createProgram(): Program {
  const reversed: Instruction[] = [];

  function put(code: number, value: number, whenTrue = 0, whenFalse = 0): Label {
    if (reversed.length === PROGRAM_SIZE) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `seccomp: the filter of this profile needs more than the ${PROGRAM_SIZE} instructions that the kernel takes`,
      );
    }
    return reversed.push({ code, whenTrue, whenFalse, value });
  }

  function goTo(target: Label): Label {
    return target === reversed.length ? target : put(JUMP_ALWAYS, reversed.length - target);
  }

  function near(target: Label): Label {
    return reversed.length - target > REACH ? goTo(target) : target;
  }

  return {
    load: (offset) => put(LOAD_ABSOLUTE, offset),
    and: (mask) => put(AND, mask),
    jump(test, value, targets) {
      const whenTrue = near(targets.whenTrue);
      const whenFalse = near(targets.whenFalse);
      return put(JUMPS[test], value, reversed.length - whenTrue, reversed.length - whenFalse);
    },
    goTo,
    ret(value) {
      for (let label = reversed.length; label > 0 && reversed.length - label < REACH; label--) {
        const instruction = reversed[label - 1];
        if (instruction?.code === RETURN && instruction.value === value) return label;
      }
      return put(RETURN, value);
    },
    toBuffer() {
      const buffer = Buffer.alloc(reversed.length * 8);
      reversed.toReversed().forEach(({ code, whenTrue, whenFalse, value }, index) => {
        buffer.writeUInt16LE(code, index * 8);
        buffer.writeUInt8(whenTrue, index * 8 + 2);
        buffer.writeUInt8(whenFalse, index * 8 + 3);
        buffer.writeUInt32LE(value, index * 8 + 4);
      });
      return buffer;
    },
  };
}
