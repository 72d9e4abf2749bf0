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
  readonly args?: readonly unknown[];
}

/** A profile in Docker's format, as far as Berth's own uses it. */
interface DockerProfile {
  readonly defaultAction: string;
  readonly syscalls: readonly (OciSyscall & {
    readonly comment?: string;
    readonly includes?: Condition;
    readonly excludes?: Condition;
  })[];
}

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
}

/** What Berth's default profile says to a container with `capabilities`, in the form that crun reads. */
export function toOciSeccomp(profile: string, capabilities: readonly string[]): OciSeccomp {
  const { defaultAction, syscalls } = JSON.parse(profile) as DockerProfile;
  const holds = (name: string): boolean => capabilities.includes(name);
  const isHere = (name: string): boolean => name === 'amd64';
  return {
    defaultAction,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: syscalls
      .filter(({ includes }) => (includes?.caps ?? []).every(holds) && (includes?.arches ?? ['amd64']).some(isHere))
      .filter(({ excludes }) => !(excludes?.caps ?? []).some(holds))
      .map(({ names, action, errnoRet, args }) => ({
        names,
        action,
        ...(errnoRet ? { errnoRet } : {}),
        ...(args ? { args } : {}),
      })),
  };
}
