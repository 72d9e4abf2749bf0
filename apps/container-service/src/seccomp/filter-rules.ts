/** How an argument is compared, without a sign and in all 64 bits; `maskedEqual`: those of the mask alone. */
export type Operator = 'notEqual' | 'less' | 'lessOrEqual' | 'equal' | 'greaterOrEqual' | 'greater' | 'maskedEqual';

export interface Condition {
  /** 0 to 5. */
  readonly argument: number;
  readonly operator: Operator;
  readonly value: bigint;
  /** Of `maskedEqual`. */
  readonly mask: bigint;
}

/** What happens to a call whose arguments meet all conditions. */
export interface FilterRule {
  readonly call: string;
  /** A SECCOMP_RET_* value with its data. */
  readonly action: number;
  readonly conditions: readonly Condition[];
}

/** The kinds of programs whose calls a filter may see, and AUDIT_ARCH_* of each. */
export const ARCHITECTURES = {
  x86_64: 0xc000003e,
  x86: 0x40000003,
  /** Its calls come as those of x86_64 with bit 30 of the number set. */
  x32: 0xc000003e,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
} as const;

export type Architecture = keyof typeof ARCHITECTURES;

/** The architectures that Berth runs on. */
export type Machine = 'x86_64' | 'aarch64';

/** What a filter is made of. */
export interface FilterRules {
  readonly machine: Machine;
  /** The machine's own and those of its siblings whose calls are judged; calls of any other kill the process. */
  readonly architectures: ReadonlySet<Architecture>;
  /** What a call gets that no rule is about. */
  readonly defaultAction: number;
  /** What a call gets whose number is above that of every call of `namedCalls`. */
  readonly unknownAction: number;
  /** All that the profile names, also where that changes nothing. Names that are no call's are passed over. */
  readonly namedCalls: ReadonlySet<string>;
  /** Of the rules for one call, one without conditions counts, the first; without any, the first whose conditions are met. */
  readonly rules: readonly FilterRule[];
}

/** The number of each call by its name; x32's without bit 30. */
export interface SyscallTables extends Readonly<Record<Architecture, CallNumbers>> {
  /** By the name of the call that leads to them: what 32-bit x86 programs reach through the first argument of another call. */
  readonly x86Multiplexed: { readonly socketcall: CallNumbers; readonly ipc: CallNumbers };
}

type CallNumbers = Readonly<Record<string, number>>;
