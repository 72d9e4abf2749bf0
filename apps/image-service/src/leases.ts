import { randomUUID } from 'node:crypto';
import type { ContentClient, LeaseList } from './ports.ts';

/** The lease that keeps the content of an image. */
export function imageLease(imageId: string): string {
  return `image:${imageId}`;
}

/** The lease that keeps the archive of a layer, which was made for a push. */
export function layerLease(diffId: string): string {
  return `layer:${diffId}`;
}

/** The lease that keeps the config of an image while it is pushed. */
export function pushLease(): string {
  return `push:${randomUUID()}`;
}

/**
 * Leases in the content store, and their end. A lease is on the list of those that shall end before it is taken, so that a crash never
 * leaves one which nobody knows.
 */
export interface Leases {
  /**
   * Call it before a lease is taken, which others may have taken too. It ends at the next start of the service, unless an image that it belongs to
   * is committed. Resolves when no end of it is on its way.
   */
  begin(lease: string): Promise<void>;
  /**
   * The work for which the lease was taken is over: ends it in the background, unless an image or other work keeps it. What it kept goes with it,
   * unless the work shall go on with that another time.
   */
  end(lease: string, willGoOn?: boolean): void;
  /** Ends, in the background, what is on the list and not in use. What fails is tried again at the next call. */
  endUnused(): void;
  /** Resolves when nothing is under way. */
  settle(): Promise<void>;
}

export interface LeasesDeps {
  readonly list: LeaseList;
  readonly content: Pick<ContentClient, 'setLease'>;
  readonly onFailure: (lease: string, error: unknown) => void;
}

export function createLeases({ list, content, onFailure }: LeasesDeps): Leases {
  const users = new Map<string, number>();
  const queued = new Set<string>();
  // What an earlier run has left may be of a pull that goes on.
  const unfinished = new Set(list.list());
  let work = Promise.resolve();
  let ending: { readonly lease: string; readonly over: Promise<void> } | null = null;

  function count(lease: string, change: number): void {
    const after = (users.get(lease) ?? 0) + change;
    if (after > 0) users.set(lease, after);
    else users.delete(lease);
  }

  async function endUnlessUsed(lease: string): Promise<void> {
    queued.delete(lease);
    // While it waited for others, an image may have taken it over.
    if (users.has(lease) || !list.list().includes(lease)) return;
    ending = { lease, over: endOne(lease) };
    await ending.over;
    ending = null;
  }

  async function endOne(lease: string): Promise<void> {
    try {
      const sole = await content.setLease(lease, [], { adds: true });
      const needed = sole.filter(list.isNeeded);
      await content.setLease(lease, needed, { discards: !unfinished.has(lease) });
      unfinished.delete(lease);
      // What layers of other images came as is kept on, until a later look finds it needed no more.
      if (needed.length === 0) list.remove(lease);
    } catch (error) {
      onFailure(lease, error);
    }
  }

  function endUnused(): void {
    for (const lease of list.list().filter((each) => !queued.has(each))) {
      queued.add(lease);
      work = work.then(() => endUnlessUsed(lease));
    }
  }

  return {
    async begin(lease) {
      // It would end what we are about to take.
      while (ending?.lease === lease) await ending.over;
      list.add(lease);
      count(lease, 1);
      unfinished.delete(lease);
    },
    end(lease, willGoOn = false) {
      count(lease, -1);
      if (willGoOn && list.list().includes(lease)) unfinished.add(lease);
      else unfinished.delete(lease);
      endUnused();
    },
    endUnused,
    settle: () => work,
  };
}
