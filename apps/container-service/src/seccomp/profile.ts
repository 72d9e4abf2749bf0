import { BerthError } from '@berth/errors';
import { z } from 'zod';

/** Docker's own profile has 15 KiB. */
const MAX_PROFILE_BYTES = 1 << 20;

/** libseccomp's names of the architectures that Linux has. Those that the host does not run need no filter. */
const ARCHITECTURES = [
  ...['X86', 'X86_64', 'X32', 'ARM', 'AARCH64', 'LOONGARCH64', 'M68K', 'MIPS', 'MIPS64', 'MIPS64N32', 'MIPSEL'],
  ...['MIPSEL64', 'MIPSEL64N32', 'PPC', 'PPC64', 'PPC64LE', 'S390', 'S390X', 'PARISC', 'PARISC64', 'RISCV64', 'SH'],
  'SHEB',
].map((name) => `SCMP_ARCH_${name}`);

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

const MAX_UINT64 = (1n << 64n) - 1n;
/** MAX_ERRNO of the kernel: it turns what is above into this. */
const MAX_ERRNO = 4095;

/** A seccomp profile in Docker's format (moby's profiles/seccomp; the runtime spec's, with conditions for whole rules). */
export type Profile = z.output<ReturnType<typeof profileSchema>>;
export type ProfileSyscall = Profile['syscalls'][number];

function profileSchema() {
  const architecture = oneOf(ARCHITECTURES, 'architecture');
  return z
    .object({
      defaultAction: oneOf([...ACTIONS, ''], 'action').nullish(),
      defaultErrnoRet: errnoSchema().nullish(),
      architectures: list(architecture),
      archMap: list(z.object({ architecture, subArchitectures: list(architecture) })),
      flags: z.array(oneOf(FLAGS, 'flag')).nullish(),
      listenerPath: z.literal('', 'it is for SCMP_ACT_NOTIFY, which is not supported').nullish(),
      syscalls: list(syscallSchema()),
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
}

function syscallSchema() {
  const filter = filterSchema();
  return z
    .object({
      name: z.string().nullish(),
      names: list(z.string()),
      action: oneOf(ACTIONS, 'action'),
      errnoRet: errnoSchema().nullish(),
      args: list(argumentSchema()),
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
}

function filterSchema() {
  const version = z
    .string()
    .regex(/^\d{1,5}\.\d{1,5}$/, 'expected a version of the kernel as major.minor')
    .transform((text) => {
      const [major = 0, minor = 0] = text.split('.').map(Number);
      return { major, minor };
    });
  return z.object({ caps: list(z.string()), arches: list(z.string()), minKernel: version.nullish() });
}

function argumentSchema() {
  const uint64 = z
    .union([z.int(), z.bigint()], 'expected a whole number')
    .transform(BigInt)
    .refine((value) => value >= 0n && value <= MAX_UINT64, 'expected a number of at most 64 bits, without a sign')
    .nullish()
    .transform((value) => value ?? 0n);
  return z.object({ index: z.int().min(0).max(5), value: uint64, valueTwo: uint64, op: oneOf(OPERATORS, 'operator') });
}

function errnoSchema() {
  return z.int().min(0).max(MAX_ERRNO);
}

/** An enumeration, with what was given in the error instead of all that could have been. */
function oneOf<const Names extends readonly string[]>(names: Names, what: string) {
  const describe = (input: unknown): string => {
    if (input === 'SCMP_ACT_NOTIFY') return 'SCMP_ACT_NOTIFY is not supported: nobody would be there to be notified';
    return typeof input === 'string' ? `unknown ${what} ${JSON.stringify(input)}` : `expected the name of an ${what}`;
  };
  return z.enum(names, { error: ({ input }) => describe(input) });
}

/** What Docker leaves out or writes as null is an empty list. */
function list<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** Made when the first profile is parsed: it takes some milliseconds, which the start of the service need not wait for. */
let schema: ReturnType<typeof profileSchema> | null = null;

/** Throws INVALID_ARGUMENT with the path of the field that is wrong. */
export function parseProfile(text: string): Profile {
  if (Buffer.byteLength(text) > MAX_PROFILE_BYTES) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `Decoding seccomp profile failed: it is larger than ${MAX_PROFILE_BYTES} bytes`,
    );
  }
  schema ??= profileSchema();
  const result = schema.safeParse(parseJson(text));
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
