/** Who is in the file system of a container that does not run. It must not be mounted twice, so a start waits until they have left. */
export interface FileVisits {
  /** Call it in the turn in which the container was seen not to run. */
  begin(containerId: string): FileVisit;
  /** Resolves when nobody is there. Whose client stands still is sent away. */
  settled(containerId: string): Promise<void>;
}

/** Disposed of when it is over. */
export interface FileVisit extends Disposable {
  /** Aborted when the visit has to end. */
  readonly signal: AbortSignal;
  /** Tells whether the client is waited for: to take a piece, or to send one. */
  setAwaiting(isAwaiting: boolean): void;
}

interface Visit {
  readonly left: PromiseWithResolvers<void>;
  readonly leaving: AbortController;
  /** Since when the client is waited for, on a clock that only grows; null when it is not. */
  awaitingSinceMs: number | null;
}

/** A client that does not move for this long holds up no start. */
const STALL_MS = 10_000;
const LOOKS = 10;

export function createFileVisits({ stallMs = STALL_MS } = {}): FileVisits {
  const visits = new Map<string, Set<Visit>>();

  function sendAway(there: ReadonlySet<Visit>): void {
    const latest = performance.now() - stallMs;
    for (const { leaving, awaitingSinceMs } of there) {
      if (awaitingSinceMs !== null && awaitingSinceMs <= latest) leaving.abort();
    }
  }

  return {
    begin(containerId) {
      const visit: Visit = {
        left: Promise.withResolvers(),
        leaving: new AbortController(),
        awaitingSinceMs: null,
      };
      const there = visits.get(containerId) ?? new Set();
      visits.set(containerId, there.add(visit));
      return {
        signal: visit.leaving.signal,
        setAwaiting(isAwaiting) {
          visit.awaitingSinceMs = isAwaiting ? performance.now() : null;
        },
        [Symbol.dispose]() {
          there.delete(visit);
          if (there.size === 0 && visits.get(containerId) === there) visits.delete(containerId);
          visit.left.resolve();
        },
      };
    },
    async settled(containerId) {
      for (let there = visits.get(containerId); there !== undefined; there = visits.get(containerId)) {
        const present = there;
        const looking = setInterval(() => sendAway(present), stallMs / LOOKS);
        await Promise.all(Array.from(there, ({ left }) => left.promise)).finally(() => clearInterval(looking));
      }
    },
  };
}
