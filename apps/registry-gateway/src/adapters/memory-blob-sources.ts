import type { BlobSources, Repository } from '../ports.ts';

/** Forgets all when it ends. For tests. */
export function createMemoryBlobSources(): BlobSources {
  const known: { digest: string; repository: Repository }[] = [];
  return {
    add: (digest, repository) => void known.unshift({ digest, repository }),
    find(digest, domain) {
      const found = known.filter((one) => one.digest === digest && one.repository.domain === domain);
      return [...new Set(found.map(({ repository }) => repository.path))];
    },
  };
}
