import { holdsCapability } from '../plan/capabilities.ts';
import type { Architecture, Condition, FilterRule, FilterRules, Machine, Operator } from './filter-rules.ts';
import type { Profile, ProfileAction, ProfileOperator, ProfileSyscall } from './profile.ts';

/** Where a filter is to run. */
export interface FilterHost {
  readonly machine: Machine;
  readonly kernel: { readonly major: number; readonly minor: number };
}

/** SECCOMP_RET_* of linux/seccomp.h. */
const ACTIONS: Readonly<Record<ProfileAction, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
};
/** With these a call that the profile does not know goes through: a program has nothing to fall back from. */
const PERMISSIVE: readonly ProfileAction[] = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'];
const EPERM = 1;
const ENOSYS = 38;

const OPERATORS: Readonly<Record<ProfileOperator, Operator>> = {
  SCMP_CMP_NE: 'notEqual',
  SCMP_CMP_LT: 'less',
  SCMP_CMP_LE: 'lessOrEqual',
  SCMP_CMP_EQ: 'equal',
  SCMP_CMP_GE: 'greaterOrEqual',
  SCMP_CMP_GT: 'greater',
  SCMP_CMP_MASKED_EQ: 'maskedEqual',
};

/** The machine in the words of `includes` and `excludes`. */
const NAMES: Readonly<Record<Machine, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

const TOKENS: Readonly<Record<Machine, Readonly<Record<string, Architecture>>>> = {
  x86_64: { SCMP_ARCH_X86_64: 'x86_64', SCMP_ARCH_X86: 'x86', SCMP_ARCH_X32: 'x32' },
  aarch64: { SCMP_ARCH_AARCH64: 'aarch64', SCMP_ARCH_ARM: 'arm' },
};

/**
 * What a profile says to a process with `capabilities` in its bounding set, as moby and runc understand it. Null when it says nothing,
 * as `{}` does: such a process has no filter.
 */
export function selectRules(profile: Profile, capabilities: bigint, host: FilterHost): FilterRules | null {
  const { defaultAction, defaultErrnoRet } = profile;
  if (!defaultAction) return null;
  const byDefault = actionOf(defaultAction, defaultErrnoRet);
  const syscalls = profile.syscalls.filter((syscall) => applies(syscall, capabilities, host));
  const isUniform = PERMISSIVE.includes(defaultAction) || syscalls.length === 0;
  return {
    machine: host.machine,
    architectures: architecturesOf(profile, host.machine),
    defaultAction: byDefault,
    unknownAction: isUniform ? byDefault : ACTIONS.SCMP_ACT_ERRNO | ENOSYS,
    namedCalls: new Set(syscalls.flatMap(({ names }) => names)),
    // libseccomp takes no rule that says what is true without it.
    rules: syscalls.flatMap(rulesOf).filter(({ action }) => action !== byDefault),
  };
}

function actionOf(action: ProfileAction, errno: number | null | undefined): number {
  const takesErrno = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
  return takesErrno ? ACTIONS[action] | (errno ?? EPERM) : ACTIONS[action];
}

function applies(
  { includes, excludes }: ProfileSyscall,
  capabilities: bigint,
  { machine, kernel }: FilterHost,
): boolean {
  const holds = (name: string): boolean => holdsCapability(capabilities, name);
  const isHere = (name: string): boolean => name === NAMES[machine];
  const isReached = ({ major, minor }: FilterHost['kernel']): boolean =>
    kernel.major > major || (kernel.major === major && kernel.minor >= minor);
  if (excludes) {
    if (excludes.arches.some(isHere) || excludes.caps.some(holds)) return false;
    if (excludes.minKernel && isReached(excludes.minKernel)) return false;
  }
  if (!includes) return true;
  if (includes.arches.length > 0 && !includes.arches.some(isHere)) return false;
  return includes.caps.every(holds) && (!includes.minKernel || isReached(includes.minKernel));
}

/** The machine's own is always among them. */
function architecturesOf({ architectures, archMap }: Profile, machine: Machine): Set<Architecture> {
  const tokens = TOKENS[machine];
  const own = archMap.find(({ architecture }) => tokens[architecture] === machine);
  const named = [...architectures, ...(own?.subArchitectures ?? [])];
  const known = named.flatMap((token) => tokens[token] ?? []);
  return new Set([machine, ...known]);
}

function rulesOf({ names, action, errnoRet, args }: ProfileSyscall): FilterRule[] {
  const value = actionOf(action, errnoRet);
  const conditions = args.map(toCondition);
  // As runc: with several conditions on one argument, each is a rule of its own.
  const isAlternative = new Set(args.map(({ index }) => index)).size < args.length;
  const alternatives = isAlternative ? conditions.map((condition) => [condition]) : [conditions];
  return names.flatMap((call) => alternatives.map((each) => ({ call, action: value, conditions: each })));
}

function toCondition({ index, op, value, valueTwo }: ProfileSyscall['args'][number]): Condition {
  const operator = OPERATORS[op];
  const [compared, mask] = operator === 'maskedEqual' ? [valueTwo, value] : [value, 0n];
  return { argument: index, operator, value: compared, mask };
}
