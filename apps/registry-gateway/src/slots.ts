import { abortable } from './abortable.ts';

/** A limit on how many things happen at once. */
export interface Slots {
  /** Waits for a free slot, first come first served, and returns what frees it. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const release = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free--;
        return release;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      try {
        await abortable(promise, signal);
        return release;
      } catch (error) {
        const index = waiting.indexOf(resolve);
        // Served in the same moment: pass the slot on.
        if (index === -1) release();
        else waiting.splice(index, 1);
        throw error;
      }
    },
  };
}
