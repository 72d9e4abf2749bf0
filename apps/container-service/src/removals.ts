import { EventEmitter, once } from 'node:events';

/** Tells those who wait that containers were removed. */
export interface Removals {
  tell(id: string): void;
  /** Resolves when the container of this id is removed. Rejects when the signal is aborted. */
  next(id: string, signal: AbortSignal): Promise<void>;
}

/** One for all containers. */
export function createRemovals(): Removals {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    tell: (id) => void emitter.emit(id),
    async next(id, signal) {
      await once(emitter, id, { signal });
    },
  };
}
