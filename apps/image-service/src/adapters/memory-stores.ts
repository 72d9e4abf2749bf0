import { formatReference, parseReference, type Reference } from '@berth/oci';
import type { Image, ImageRecord, Layer, Snapshot } from '../image.ts';
import { imageLease, layerLease } from '../leases.ts';
import type {
  ImageEvent,
  ImageManifest,
  ImageStore,
  LayerBlob,
  LeaseList,
  PruneEvent,
  RemovedImage,
  SnapshotStore,
} from '../ports.ts';

/** The stores of a service, which forget, for tests; `events` are what they were told. */
export interface MemoryStores {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly leases: LeaseList;
  readonly events: ImageEvent[];
  readonly prunes: PruneEvent[];
}

interface Entry {
  readonly image: Image;
  readonly diffIds: readonly string[];
  isHidden: boolean;
  isLeased: boolean;
  parentId: string | null;
  lastUsedTimeMs: number | null;
  tagTimeMs: number | null;
  addTimeMs: number;
}

type IsPinned = (diffId: string) => boolean;

export function createMemoryStores({ bootId = 'boot', nowMs = (): number => 0 } = {}): MemoryStores {
  const entries = new Map<string, Entry>();
  const names = new Map<string, string>();
  const layers = new Map<string, Layer>();
  const blobs = new Map<string, LayerBlob>();
  const leasedBlobs = new Set<string>();
  const manifests = new Map<string, ImageManifest>();
  const snapshots = new Map<string, Snapshot>();
  const leases = new Set<string>();
  const unsynced = new Set<string>();
  const events: ImageEvent[] = [];
  const prunes: PruneEvent[] = [];

  const keysOf = (imageId: string): string[] =>
    [...snapshots.values()].filter((snapshot) => snapshot.imageId === imageId).map(({ key }) => key);
  const isRubbish = (entry: Entry): boolean => entry.isHidden && keysOf(entry.image.id).length === 0;

  function record({ image, parentId, lastUsedTimeMs, tagTimeMs, addTimeMs }: Entry): ImageRecord {
    const own = [...names].filter(([, id]) => id === image.id).map(([name]) => name);
    const byKind = (hasDigest: boolean) => own.filter((name) => name.includes('@') === hasDigest).sort();
    const references = [...byKind(false), ...byKind(true)].map(parseReference);
    const isVisible = parentId !== null && entries.get(parentId)?.isHidden === false;
    const hasChildren = visible().some((other) => other.parentId === image.id);
    const relatives = { parentId: isVisible ? parentId : null, hasChildren };
    return { ...image, references, snapshotKeys: keysOf(image.id), ...relatives, lastUsedTimeMs, tagTimeMs, addTimeMs };
  }

  function collect(isPinned: IsPinned): RemovedImage {
    for (const [id, entry] of entries) {
      if (!isRubbish(entry)) continue;
      entries.delete(id);
      manifests.delete(id);
      if (entry.isLeased) leases.add(imageLease(id));
    }
    const used = new Set([...entries.values()].flatMap(({ diffIds }) => diffIds));
    const unused = [...layers.values()].filter(({ diffId }) => !used.has(diffId) && !isPinned(diffId));
    for (const { diffId } of unused) {
      layers.delete(diffId);
      blobs.delete(diffId);
      if (leasedBlobs.delete(diffId)) leases.add(layerLease(diffId));
    }
    return { layers: unused };
  }

  function visible(): Entry[] {
    return [...entries.values()].filter(({ isHidden }) => !isHidden);
  }

  function addLayer(layer: Layer): void {
    if (layers.has(layer.diffId)) return;
    layers.set(layer.diffId, layer);
    unsynced.add(layer.name);
  }

  function addBlobs(found: readonly LayerBlob[]): void {
    for (const blob of found) if (!blobs.get(blob.diffId)?.repository) blobs.set(blob.diffId, blob);
  }

  function refer(entry: Entry, references: readonly Reference[]): void {
    for (const reference of references) names.set(formatReference(reference), entry.image.id);
    if (references.some(({ tag }) => tag !== null)) entry.tagTimeMs = nowMs();
  }

  function removeNamesOf(imageId: string): void {
    for (const [name, id] of names) if (id === imageId) names.delete(name);
  }

  const images: ImageStore = {
    commit({ image, layers: stack, references, events: list, isLeased, parentId = null, blobs: found = [], manifest }) {
      const existing = entries.get(image.id);
      for (const layer of stack) addLayer(layer);
      addBlobs(found);
      if (manifest !== undefined && (manifest.repository !== null || !manifests.get(image.id)?.repository)) {
        manifests.set(image.id, manifest);
      }
      const diffIds = stack.map(({ diffId }) => diffId);
      const times = { lastUsedTimeMs: null, tagTimeMs: null, addTimeMs: 0 };
      const entry = existing ?? { image, diffIds, isHidden: false, isLeased: false, parentId: null, ...times };
      entry.isHidden = false;
      entry.isLeased ||= isLeased;
      entry.parentId ??= parentId;
      entry.addTimeMs = nowMs();
      entries.set(image.id, entry);
      if (isLeased) leases.delete(imageLease(image.id));
      refer(entry, references);
      events.push(...list);
    },
    addReference(imageId, reference, list) {
      refer(entries.get(imageId) as Entry, [reference]);
      events.push(...list);
    },
    removeReferences(references, list) {
      for (const reference of references) names.delete(formatReference(reference));
      events.push(...list);
    },
    remove(imageId, list, isPinned) {
      removeNamesOf(imageId);
      const entry = entries.get(imageId);
      if (entry !== undefined) entry.isHidden = true;
      events.push(...list);
      return collect(isPinned);
    },
    collect,
    tell: (event) => void prunes.push(event),
    get(imageId) {
      const entry = entries.get(imageId);
      return entry === undefined || entry.isHidden ? null : record(entry);
    },
    find: (imageId) => entries.get(imageId)?.image ?? null,
    findByReference: (reference) => names.get(formatReference(reference)) ?? null,
    findByPrefix: (prefix) =>
      visible()
        .map(({ image }) => image.id)
        .filter((id) => id.startsWith(`sha256:${prefix}`))
        .slice(0, 2),
    list({ omitConfigs = false } = {}) {
      const age = ({ image }: Entry) => image.createTimeMs ?? -Infinity;
      const sorted = visible().sort((a, b) => age(b) - age(a) || (a.image.id < b.image.id ? -1 : 1));
      return sorted.map((entry) => (omitConfigs ? { ...record(entry), config: new Uint8Array() } : record(entry)));
    },
    layersOf: (imageId) => (entries.get(imageId)?.diffIds ?? []).map((diffId) => layers.get(diffId) as Layer),
    listUses: () =>
      [...entries.values()].flatMap(({ image, diffIds }) =>
        [...new Set(diffIds)].map((diffId) => ({
          imageId: image.id,
          diffId,
          sizeBytes: layers.get(diffId)?.sizeBytes ?? 0,
        })),
      ),
    findLayer: (diffId) => layers.get(diffId) ?? null,
    findBlob: (diffId) => blobs.get(diffId) ?? null,
    measureLayers: () => [...layers.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    keepBlob(blob) {
      blobs.set(blob.diffId, { ...blob, repository: null });
      leasedBlobs.add(blob.diffId);
      leases.delete(layerLease(blob.diffId));
    },
    findManifest: (imageId) => manifests.get(imageId) ?? null,
    recordPush({ imageId, references, blobs: pushed, events: list }) {
      const entry = entries.get(imageId);
      if (entry !== undefined && !entry.isHidden) {
        refer(entry, references);
        addBlobs(pushed);
      }
      events.push(...list);
    },
    listLayers: () => [...layers.values()],
    listUnsynced: () => [...unsynced],
    markSynced: (list) => list.forEach((name) => unsynced.delete(name)),
    removeLost(currentBootId) {
      const isLost = ({ image, diffIds }: Entry) =>
        keysOf(image.id).length === 0 && diffIds.some((diffId) => unsynced.has(layers.get(diffId)?.name ?? ''));
      const lost = currentBootId !== bootId ? [...entries.values()].filter(isLost).map(({ image }) => image.id) : [];
      for (const id of lost) {
        removeNamesOf(id);
        entries.delete(id);
      }
      return lost;
    },
  };

  return {
    images,
    events,
    prunes,
    snapshots: {
      insert(snapshot, timeMs) {
        snapshots.set(snapshot.key, snapshot);
        const entry = entries.get(snapshot.imageId);
        if (entry !== undefined) entry.lastUsedTimeMs = timeMs;
      },
      get: (key) => snapshots.get(key) ?? null,
      listOwned: (owner) => [...snapshots.values()].filter(({ key }) => key === owner || key.startsWith(`${owner}.`)),
      list: () => [...snapshots.values()],
      remove(key, timeMs) {
        const imageId = snapshots.get(key)?.imageId;
        snapshots.delete(key);
        const entry = imageId === undefined ? undefined : entries.get(imageId);
        if (entry !== undefined) entry.lastUsedTimeMs = timeMs;
        return { wasLastOfHidden: entry !== undefined && isRubbish(entry) };
      },
    },
    leases: {
      add(lease) {
        const keeping = [...entries].filter(([, { isLeased }]) => isLeased).map(([id]) => imageLease(id));
        if (![...keeping, ...[...leasedBlobs].map(layerLease)].includes(lease)) leases.add(lease);
      },
      remove: (lease) => void leases.delete(lease),
      list: () => [...leases].sort(),
      isNeeded: (wanted) => [...blobs.values()].some(({ digest }) => digest === wanted),
    },
  };
}
