/** Who is in the file system of a container that does not run. It must not be mounted twice, so a start waits until they have left. */
export interface FileVisits {
  /** Call it in the turn in which the container was seen not to run. */
  begin(containerId: string): Disposable;
  /** Resolves when nobody is there. */
  settled(containerId: string): Promise<void>;
}

export function createFileVisits(): FileVisits {
  const visits = new Map<string, Set<Promise<void>>>();
  return {
    begin(containerId) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const there = visits.get(containerId) ?? new Set();
      visits.set(containerId, there.add(promise));
      return {
        [Symbol.dispose]() {
          there.delete(promise);
          if (there.size === 0) visits.delete(containerId);
          resolve();
        },
      };
    },
    async settled(containerId) {
      for (let there = visits.get(containerId); there !== undefined; there = visits.get(containerId)) {
        await Promise.all(there);
      }
    },
  };
}
