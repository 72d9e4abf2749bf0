/** The part of a runtime spec that holds a seccomp profile (runtime-spec, config-linux.md). */
export interface OciSeccomp {
  readonly defaultAction: string;
  readonly architectures: readonly string[];
  readonly syscalls: readonly OciSyscall[];
}

interface OciSyscall {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly OciArgument[];
}

interface OciArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

const ENOSYS = 38;
const CONDITION = /^arg(\d)(?: & (\w+))? (==|!=) (\w+)$/;

/**
 * Berth's default profile in the form that crun reads. A runtime spec has no masked `!=`, and libseccomp takes one condition per
 * argument, so of several the last stays, without its mask: the filter is a little weaker, and costs the same.
 */
export function toOciSeccomp(profile: string): OciSeccomp {
  const lines = profile.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: lines.flatMap(toSyscalls),
  };
}

function toSyscalls(line: string): OciSyscall[] {
  const [rule = '', conditions] = line.split(' if ');
  const [verb, ...names] = rule.split(/\s+/);
  if (verb === 'errno') return [{ names: names.slice(1), action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS }];
  if (verb !== 'allow') return [];
  const args = conditions === undefined ? {} : { args: toArguments(conditions) };
  return [{ names, action: 'SCMP_ACT_ALLOW', ...args }];
}

function toArguments(conditions: string): OciArgument[] {
  const last = conditions.split(' and ').at(-1) ?? '';
  const [, index, mask, operator, value] = CONDITION.exec(last) ?? [];
  if (index === undefined) throw new Error(`no condition: "${last}"`);
  if (operator === '!=') return [{ index: Number(index), value: Number(value), op: 'SCMP_CMP_NE' }];
  if (mask === undefined) return [{ index: Number(index), value: Number(value), op: 'SCMP_CMP_EQ' }];
  return [{ index: Number(index), value: Number(mask), valueTwo: Number(value), op: 'SCMP_CMP_MASKED_EQ' }];
}
