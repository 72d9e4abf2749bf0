import { hash } from 'node:crypto';
import { DEFAULT_CAPABILITIES, maskOf } from '../plan/capabilities.ts';
import { compileFilter } from './compile.ts';
import defaultProfile from './default-profile.json' with { type: 'json' };
import type { SyscallTables } from './filter-rules.ts';
import { parseProfile, type Profile } from './profile.ts';
import { selectRules, type FilterHost } from './select-rules.ts';

/** What the kernel is to load. */
export interface SeccompFilter {
  /** An array of struct sock_filter; empty: no filter. */
  readonly program: Buffer;
  /** SECCOMP_FILTER_FLAG_* */
  readonly flags: number;
}

/** The filters of processes. */
export interface SeccompFilters {
  /**
   * The filter of a process with `capabilities` in its bounding set. `profile` is empty for Berth's own, which `builtin` is too,
   * `unconfined`, or a profile in Docker's format. Throws INVALID_ARGUMENT for one that is none, and for one that is too large.
   */
  get(profile: string, capabilities: bigint): SeccompFilter;
}

export interface SeccompSettings {
  /** Of Berth's own profile and Docker's default capabilities, ready to load. */
  readonly defaultProgram: Buffer;
  /** Called when the first filter is compiled. */
  readonly syscallTables: () => SyscallTables;
  readonly host: FilterHost;
}

/** Without SPEC_ALLOW, kernels before 5.16 switch speculative store bypass off for the whole life of the process. */
const DEFAULT_FLAGS = 4;
const FLAGS = { SECCOMP_FILTER_FLAG_TSYNC: 1, SECCOMP_FILTER_FLAG_LOG: 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4 };
export const NO_FILTER: SeccompFilter = { program: Buffer.alloc(0), flags: 0 };
/** A compilation takes some milliseconds. */
const MAX_CACHED = 64;

/** The capabilities on which Berth's own profile depends. */
const RELEVANT = maskOf(
  defaultProfile.syscalls.flatMap(({ includes, excludes }) => [...(includes?.caps ?? []), ...(excludes?.caps ?? [])]),
);

export function createSeccompFilters({ defaultProgram, syscallTables, host }: SeccompSettings): SeccompFilters {
  const byDefault: SeccompFilter = { program: defaultProgram, flags: DEFAULT_FLAGS };
  const cache = new Map<string, SeccompFilter>();
  let tables: SyscallTables | null = null;

  function compile(profile: Profile, capabilities: bigint): SeccompFilter {
    const rules = selectRules(profile, capabilities, host);
    if (rules === null) return NO_FILTER;
    tables ??= syscallTables();
    return { program: compileFilter(rules, tables), flags: flagsOf(profile) };
  }

  /** The oldest goes when there are many. */
  function cached(key: string, make: () => SeccompFilter): SeccompFilter {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const made = make();
    const [oldest] = cache.keys();
    if (cache.size === MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    cache.set(key, made);
    return made;
  }

  return {
    get(profile, capabilities) {
      if (profile === 'unconfined') return NO_FILTER;
      if (profile !== '' && profile !== 'builtin') {
        const key = `${hash('sha256', profile)} ${capabilities}`;
        return cached(key, () => compile(parseProfile(profile), capabilities));
      }
      const relevant = capabilities & RELEVANT;
      if (relevant === (DEFAULT_CAPABILITIES & RELEVANT)) return byDefault;
      return cached(String(relevant), () => compile(builtinProfile(), relevant));
    },
  };
}

/** Berth's own profile. */
export function builtinProfile(): Profile {
  return parseProfile(JSON.stringify(defaultProfile));
}

function flagsOf({ flags }: Profile): number {
  return flags ? flags.reduce((bits, flag) => bits | FLAGS[flag], 0) : DEFAULT_FLAGS;
}
