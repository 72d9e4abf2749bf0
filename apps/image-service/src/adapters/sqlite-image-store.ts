import type { DatabaseSync } from 'node:sqlite';
import { formatReference, parseReference, type Reference } from '@berth/oci';
import { transaction, type CommitFlush, type EventSink } from '@berth/service-kit';
import type { Image, ImageRecord, Layer } from '../image.ts';
import { imageLease, layerLease } from '../leases.ts';
import type {
  ImageCommit,
  ImageEvent,
  ImageListOptions,
  ImageManifest,
  ImageStore,
  LayerBlob,
  RemovedImage,
} from '../ports.ts';
import { prepareStatements } from './sqlite-image-statements.ts';

interface ImageRow {
  id: string;
  config: Uint8Array;
  platform: string;
  size_bytes: number;
  create_time_ms: number | null;
  last_used_time_ms: number | null;
  tag_time_ms: number | null;
  add_time_ms: number;
  visible_parent_id: string | null;
  has_children: number;
}

export interface SqliteImageStoreOptions {
  readonly database: DatabaseSync;
  /** Begun by each change, which is on the disk when it has settled. */
  readonly flush: Pick<CommitFlush, 'begin'>;
  readonly events: EventSink;
  /** Of this boot of the host. */
  readonly bootId: string;
  readonly nowMs: () => number;
}

/** Keeps images in a service's database, and their events in its outbox. */
export function createSqliteImageStore(options: SqliteImageStoreOptions): ImageStore {
  const { database, flush, events, bootId, nowMs } = options;
  const statements = prepareStatements(database);

  function change<Result>(run: () => Result): Result {
    const result = transaction(database, run);
    flush.begin();
    return result;
  }

  function tellAll(list: readonly ImageEvent[]): void {
    for (const { verb, objectId, name } of list) events.add({ noun: 'image', verb, objectId, attributes: { name } });
  }

  function refer(imageId: string, references: readonly Reference[]): void {
    for (const reference of references) statements.setReference.run(formatReference(reference), imageId);
    if (references.some(({ tag }) => tag !== null)) statements.noteTag.run(nowMs(), imageId);
  }

  function fromRow(row: ImageRow): ImageRecord {
    const names = statements.references.all(row.id).map((found) => String(found.reference));
    const snapshotKeys = statements.snapshotKeys.all(row.id).map((found) => String(found.key));
    return toRecord(row, names, snapshotKeys);
  }

  /** Three queries, however many images there are. */
  function list({ omitConfigs = false }: ImageListOptions = {}): ImageRecord[] {
    const names = groupByImage(statements.allReferences.all(), 'reference');
    const keys = groupByImage(statements.allSnapshotKeys.all(), 'key');
    const select = omitConfigs ? statements.imagesWithoutConfigs : statements.images;
    const rows = select.all() as unknown as ImageRow[];
    return rows.map((row) => toRecord(row, names.get(row.id) ?? [], keys.get(row.id) ?? []));
  }

  function addLayers({ image, layers, blobs = [] }: ImageCommit): void {
    for (const layer of layers) {
      const root = layer.root === null ? null : JSON.stringify(layer.root);
      statements.insertLayer.run(layer.name, layer.diffId, layer.sizeBytes, root, bootId);
    }
    layers.forEach((layer, position) => statements.insertImageLayer.run(image.id, position, layer.diffId));
    addBlobs(blobs);
  }

  function addBlobs(blobs: readonly LayerBlob[]): void {
    for (const { diffId, digest, mediaType, size, repository } of blobs) {
      statements.insertBlob.run(diffId, digest, mediaType, size, repository);
    }
  }

  /** Runs in a transaction. */
  function removeUnusedLayers(isPinned: (diffId: string) => boolean): Layer[] {
    const unused = statements.unusedLayers.all().map(toLayer);
    const removed = unused.filter((layer) => !isPinned(layer.diffId));
    for (const layer of removed) statements.deleteLayer.run(layer.name);
    return removed;
  }

  return {
    commit(commit) {
      const { image, references, isLeased, parentId = null, manifest } = commit;
      change(() => {
        const { id, config, platform, sizeBytes, createTimeMs } = image;
        const leased = isLeased ? 1 : 0;
        statements.insertImage.run(id, config, platform, sizeBytes, createTimeMs, leased, parentId, nowMs());
        if (isLeased) statements.keepLease.run(imageLease(id));
        addLayers(commit);
        if (manifest !== undefined) {
          const { digest, mediaType, size, repository } = manifest;
          statements.insertManifest.run(id, digest, mediaType, size, repository);
        }
        refer(id, references);
        tellAll(commit.events);
      });
    },

    addReference(imageId, reference, list) {
      change(() => {
        refer(imageId, [reference]);
        tellAll(list);
      });
    },

    removeReferences(references, list) {
      change(() => {
        for (const reference of references) statements.deleteReference.run(formatReference(reference));
        tellAll(list);
      });
    },

    remove(imageId, list, isPinned): RemovedImage {
      return change(() => {
        statements.deleteReferences.run(imageId);
        statements.hideImage.run(imageId);
        statements.deleteHidden.run();
        tellAll(list);
        return { layers: removeUnusedLayers(isPinned) };
      });
    },

    collect(isPinned): RemovedImage {
      const { count } = statements.countRubbish.get() as { count: number };
      if (count === 0) return { layers: [] };
      return change(() => {
        statements.deleteHidden.run();
        return { layers: removeUnusedLayers(isPinned) };
      });
    },

    tell({ verb, reclaimedBytes }) {
      const attributes = { reclaimed: String(reclaimedBytes) };
      change(() => events.add({ noun: 'image', verb, objectId: '', attributes }));
    },

    get(imageId) {
      const row = statements.image.get(imageId) as unknown as ImageRow | undefined;
      return row === undefined ? null : fromRow(row);
    },

    find(imageId) {
      const row = statements.anyImage.get(imageId) as unknown as ImageRow | undefined;
      return row === undefined ? null : toImage(row);
    },

    findByReference(reference) {
      const row = statements.byReference.get(formatReference(reference));
      return row === undefined ? null : String(row.image_id);
    },

    findByPrefix(hexPrefix) {
      const prefix = `sha256:${hexPrefix}`;
      // Hexadecimal digits end before `g`, so the ids of a prefix are a range of the primary key.
      return statements.byPrefix.all(prefix, `${prefix}g`).map((row) => String(row.id));
    },

    list,
    layersOf: (imageId) => statements.layersOf.all(imageId).map(toLayer),

    listUses: () =>
      statements.layerUses.all().map((row) => ({
        imageId: String(row.image_id),
        diffId: String(row.diff_id),
        sizeBytes: Number(row.size_bytes),
      })),

    findLayer(diffId) {
      const row = statements.layer.get(diffId);
      return row === undefined ? null : toLayer(row);
    },

    findBlob(diffId) {
      const row = statements.blob.get(diffId);
      return row === undefined ? null : toBlob(row);
    },

    keepBlob({ diffId, digest, mediaType, size }) {
      change(() => {
        statements.keepBlob.run(diffId, digest, mediaType, size);
        statements.keepLease.run(layerLease(diffId));
      });
    },

    findManifest(imageId) {
      const row = statements.manifest.get(imageId);
      return row === undefined ? null : toRemote(row);
    },

    recordPush({ imageId, references, blobs, events: list }) {
      change(() => {
        if (statements.image.get(imageId) !== undefined) {
          refer(imageId, references);
          addBlobs(blobs);
        }
        tellAll(list);
      });
    },

    measureLayers: () => Number(statements.layersSize.get()?.bytes),
    listLayers: () => statements.layers.all().map(toLayer),
    listUnsynced: () => statements.unsynced.all().map((row) => String(row.name)),

    markSynced(names) {
      change(() => {
        for (const name of names) statements.markSynced.run(name);
      });
    },

    removeLost(currentBootId) {
      return change(() => {
        const lost = statements.lostImages.all(currentBootId).map((row) => String(row.id));
        for (const id of lost) statements.deleteImage.run(id);
        return lost;
      });
    },
  };
}

function toImage({ id, config, platform, size_bytes, create_time_ms }: ImageRow): Image {
  return { id, config, platform, sizeBytes: size_bytes, createTimeMs: create_time_ms };
}

function toRecord(row: ImageRow, names: readonly string[], snapshotKeys: readonly string[]): ImageRecord {
  return {
    ...toImage(row),
    references: names.map(parseReference),
    snapshotKeys,
    parentId: row.visible_parent_id,
    hasChildren: row.has_children === 1,
    lastUsedTimeMs: row.last_used_time_ms,
    tagTimeMs: row.tag_time_ms,
    addTimeMs: row.add_time_ms,
  };
}

function groupByImage(rows: readonly Record<string, unknown>[], column: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const row of rows) {
    const imageId = String(row.image_id);
    const group = groups.get(imageId);
    if (group === undefined) groups.set(imageId, [String(row[column])]);
    else group.push(String(row[column]));
  }
  return groups;
}

function toLayer(row: Record<string, unknown>): Layer {
  return {
    name: String(row.name),
    diffId: String(row.diff_id),
    sizeBytes: Number(row.size_bytes),
    root: row.root === null ? null : (JSON.parse(String(row.root)) as Layer['root']),
  };
}

function toBlob(row: Record<string, unknown>): LayerBlob {
  return { diffId: String(row.diff_id), ...toRemote(row) };
}

function toRemote(row: Record<string, unknown>): ImageManifest {
  return {
    digest: String(row.digest),
    mediaType: String(row.media_type),
    size: Number(row.size_bytes),
    repository: row.repository === null ? null : String(row.repository),
  };
}
