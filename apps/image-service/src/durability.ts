import type { ImageStore, LayerStore } from './ports.ts';

/**
 * Brings unpacked layers to the disk in the background. The row of an image is durable at once, the files of its layers are not:
 * waiting for them would make a pull as slow as the disk. Until they are, the row says so, and a power cut costs the image, not the truth.
 */
export interface Durability {
  /** Call it after an image was committed. */
  begin(): void;
  /** Resolves when nothing is under way. */
  settle(): Promise<void>;
}

export interface DurabilityDeps {
  readonly store: Pick<ImageStore, 'listUnsynced' | 'markSynced'>;
  readonly layers: Pick<LayerStore, 'sync'>;
  readonly onFailure: (what: string, error: unknown) => void;
}

export function createDurability({ store, layers, onFailure }: DurabilityDeps): Durability {
  let work: Promise<void> | null = null;

  async function syncAll(): Promise<void> {
    for (let names = store.listUnsynced(); names.length > 0; names = store.listUnsynced()) {
      await layers.sync();
      store.markSynced(names);
    }
  }

  return {
    begin() {
      work ??= syncAll()
        .catch((error: unknown) => onFailure('sync', error))
        .finally(() => (work = null));
    },
    settle: () => work ?? Promise.resolve(),
  };
}
