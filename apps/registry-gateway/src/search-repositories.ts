import { BerthError } from '@berth/errors';
import type { RegistryServer, SearchResult } from './ports.ts';

export interface SearchQuery {
  /** With the host of a registry before it, unless Docker Hub is meant. */
  readonly term: string;
  /** 0: the default. */
  readonly limit: number;
  /** Null: all. */
  readonly isOfficial: boolean | null;
  readonly minStarCount: number;
}

/** Searches a registry. Throws INVALID_ARGUMENT with Docker's texts, and as RegistryServer. */
export type SearchRepositories = (query: SearchQuery, signal: AbortSignal) => Promise<SearchResult[]>;

const LIMIT = { default: 25, max: 100 };

export function createSearchRepositories(registry: Pick<RegistryServer, 'search'>): SearchRepositories {
  return async ({ term, limit, isOfficial, minStarCount }, signal) => {
    if (limit < 0 || limit > LIMIT.max) {
      throw new BerthError('INVALID_ARGUMENT', `limit ${limit} is outside the range of [1, ${LIMIT.max}]`);
    }
    const { server, rest } = splitTerm(term);
    const found = await registry.search(server, { term: rest, limit: limit || LIMIT.default }, signal);
    return found.filter(
      (result) => (isOfficial === null || result.isOfficial === isOfficial) && result.starCount >= minStarCount,
    );
  };
}

function splitTerm(term: string): { server: string; rest: string } {
  if (/^https?:\/\//.test(term)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid repository name: repository name (${term}) should not have a scheme`,
    );
  }
  const slash = term.indexOf('/');
  const first = slash === -1 ? '' : term.slice(0, slash);
  const isServer = first === 'localhost' || /[.:]/.test(first);
  if (isServer && !/^(?:docker|index\.docker)\.io$/.test(first)) return { server: first, rest: term.slice(slash + 1) };
  return { server: 'docker.io', rest: (isServer ? term.slice(slash + 1) : term).replace(/^library\//, '') };
}
