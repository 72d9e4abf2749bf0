import { BerthError } from '@berth/errors';
import { z } from 'zod';

/** Docker's own profile has 15 KiB. */
const MAX_PROFILE_BYTES = 1 << 20;

/** libseccomp's names of the architectures that Linux has. Those that the host does not run need no filter. */
const ARCHITECTURES = [
  ...[
    'SCMP_ARCH_X86',
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_X32',
    'SCMP_ARCH_ARM',
    'SCMP_ARCH_AARCH64',
    'SCMP_ARCH_LOONGARCH64',
  ],
  ...[
    'SCMP_ARCH_M68K',
    'SCMP_ARCH_MIPS',
    'SCMP_ARCH_MIPS64',
    'SCMP_ARCH_MIPS64N32',
    'SCMP_ARCH_MIPSEL',
    'SCMP_ARCH_MIPSEL64',
  ],
  ...[
    'SCMP_ARCH_MIPSEL64N32',
    'SCMP_ARCH_PPC',
    'SCMP_ARCH_PPC64',
    'SCMP_ARCH_PPC64LE',
    'SCMP_ARCH_S390',
    'SCMP_ARCH_S390X',
  ],
  ...['SCMP_ARCH_PARISC', 'SCMP_ARCH_PARISC64', 'SCMP_ARCH_RISCV64', 'SCMP_ARCH_SH', 'SCMP_ARCH_SHEB'],
] as const;

const ACTIONS = [
  ...['SCMP_ACT_KILL', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO'],
  ...['SCMP_ACT_TRACE', 'SCMP_ACT_LOG', 'SCMP_ACT_ALLOW'],
] as const;

const OPERATORS = [
  ...['SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'],
] as const;

const FLAGS = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_TSYNC'] as const;

export type ProfileAction = (typeof ACTIONS)[number];
export type ProfileOperator = (typeof OPERATORS)[number];
export type ProfileFlag = (typeof FLAGS)[number];

const MAX_UINT64 = (1n << 64n) - 1n;
/** MAX_ERRNO of the kernel: it turns what is above into this. */
const MAX_ERRNO = 4095;

const uint64 = z
  .union([z.int(), z.bigint()], 'expected a whole number')
  .transform(BigInt)
  .refine((value) => value >= 0n && value <= MAX_UINT64, 'expected a number of at most 64 bits, without a sign');
const errno = z.int().min(0).max(MAX_ERRNO);
const action = oneOf(ACTIONS, 'action');
const architecture = oneOf(ARCHITECTURES, 'architecture');
const kernelVersion = z
  .string()
  .regex(/^\d{1,5}\.\d{1,5}$/, 'expected a version of the kernel as major.minor')
  .transform((text) => {
    const [major = 0, minor = 0] = text.split('.').map(Number);
    return { major, minor };
  });

/** Enumerations, with what was given in the error instead of all that could have been. */
function oneOf<const Names extends readonly string[]>(names: Names, what: string) {
  const describe = (input: unknown): string => {
    if (input === 'SCMP_ACT_NOTIFY') return 'SCMP_ACT_NOTIFY is not supported: nobody would be there to be notified';
    return typeof input === 'string' ? `unknown ${what} ${JSON.stringify(input)}` : `expected the name of an ${what}`;
  };
  return z.enum(names, { error: ({ input }) => describe(input) });
}

const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const filter = z.object({ caps: list(z.string()), arches: list(z.string()), minKernel: kernelVersion.nullish() });

const argument = z.object({
  index: z.int().min(0).max(5),
  value: uint64.nullish().transform((value) => value ?? 0n),
  valueTwo: uint64.nullish().transform((value) => value ?? 0n),
  op: oneOf(OPERATORS, 'operator'),
});

const syscall = z
  .object({
    name: z.string().nullish(),
    names: list(z.string()),
    action,
    errnoRet: errno.nullish(),
    args: list(argument),
    comment: z.string().nullish(),
    includes: filter.nullish(),
    excludes: filter.nullish(),
  })
  .refine(({ name, names }) => !name || names.length === 0, {
    error: "both 'name' and 'names' are specified, use either 'name' or 'names'",
    path: ['name'],
  })
  .refine(takesErrno, { error: 'only SCMP_ACT_ERRNO and SCMP_ACT_TRACE return a number', path: ['errnoRet'] })
  .transform(({ name, names, ...rest }) => ({ ...rest, names: name ? [name] : names }));

const profile = z
  .object({
    defaultAction: oneOf([...ACTIONS, ''], 'action').nullish(),
    defaultErrnoRet: errno.nullish(),
    architectures: list(architecture),
    archMap: list(z.object({ architecture, subArchitectures: list(architecture) })),
    flags: z.array(oneOf(FLAGS, 'flag')).nullish(),
    listenerPath: z.literal('', 'it is for SCMP_ACT_NOTIFY, which is not supported').nullish(),
    syscalls: list(syscall),
  })
  .refine(({ architectures, archMap }) => architectures.length === 0 || archMap.length === 0, {
    error: "both 'architectures' and 'archMap' are specified, use either 'architectures' or 'archMap'",
    path: ['archMap'],
  })
  .refine(({ defaultAction, syscalls }) => defaultAction || syscalls.length === 0, {
    error: 'it is missing, and there are rules',
    path: ['defaultAction'],
  })
  .refine(({ defaultAction, defaultErrnoRet }) => takesErrno({ action: defaultAction, errnoRet: defaultErrnoRet }), {
    error: 'only SCMP_ACT_ERRNO and SCMP_ACT_TRACE return a number',
    path: ['defaultErrnoRet'],
  });

/** A seccomp profile in Docker's format (moby's profiles/seccomp; the runtime spec's, with conditions for whole rules). */
export type Profile = z.output<typeof profile>;
export type ProfileSyscall = Profile['syscalls'][number];

/** Throws INVALID_ARGUMENT with the path of the field that is wrong. */
export function parseProfile(text: string): Profile {
  if (Buffer.byteLength(text) > MAX_PROFILE_BYTES) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `Decoding seccomp profile failed: it is larger than ${MAX_PROFILE_BYTES} bytes`,
    );
  }
  const result = profile.safeParse(parseJson(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue ? formatPath(issue.path) : '';
  throw new BerthError(
    'INVALID_ARGUMENT',
    `Decoding seccomp profile failed: ${path === '' ? '' : `${path}: `}${issue?.message ?? 'it is none'}`,
  );
}

/** Numbers that a double cannot hold become bigints. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
      const isLarge = typeof value === 'number' && !Number.isSafeInteger(value);
      return isLarge && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value;
    });
  } catch (error) {
    throw new BerthError('INVALID_ARGUMENT', `Decoding seccomp profile failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `syscalls[3].args[0].op` */
function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function takesErrno(rule: { action?: string | null | undefined; errnoRet?: number | null | undefined }): boolean {
  if (rule.errnoRet === null || rule.errnoRet === undefined) return true;
  return rule.action === 'SCMP_ACT_ERRNO' || rule.action === 'SCMP_ACT_TRACE';
}
