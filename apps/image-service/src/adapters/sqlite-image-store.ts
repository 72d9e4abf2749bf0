import type { DatabaseSync } from 'node:sqlite';
import { formatReference, parseReference, type Reference } from '@berth/oci';
import { transaction, type EventSink } from '@berth/service-kit';
import type { Image, ImageRecord, Layer } from '../image.ts';
import { imageLease } from '../leases.ts';
import type { ImageCommit, ImageEvent, ImageStore, LayerBlob, RemovedImage } from '../ports.ts';

/** The schema, oldest version first. */
export const IMAGE_MIGRATIONS: readonly string[] = [
  `CREATE TABLE images (
     id TEXT PRIMARY KEY,
     config BLOB NOT NULL,
     platform TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     create_time_ms INTEGER,
     last_used_time_ms INTEGER,
     -- Removed while snapshots of it exist: goes with the last of them.
     hidden INTEGER NOT NULL DEFAULT 0,
     leased INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE image_references (
     reference TEXT PRIMARY KEY,
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_references_by_image ON image_references (image_id);
   CREATE TABLE layers (
     name TEXT PRIMARY KEY,
     diff_id TEXT NOT NULL UNIQUE,
     size_bytes INTEGER NOT NULL,
     root TEXT,
     -- The boot in which it was unpacked, until it is known to be on the disk.
     unsynced_boot TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_layers (
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     diff_id TEXT NOT NULL REFERENCES layers (diff_id),
     PRIMARY KEY (image_id, position)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_layers_by_layer ON image_layers (diff_id);
   CREATE TABLE snapshots (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL UNIQUE,
     image_id TEXT NOT NULL REFERENCES images (id)
   ) STRICT;
   CREATE INDEX snapshots_by_image ON snapshots (image_id);
   -- Leases of the content store that shall end: see leases.ts.
   CREATE TABLE ending_leases (lease TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
   CREATE TRIGGER image_lease_ends AFTER DELETE ON images WHEN old.leased BEGIN
     INSERT INTO ending_leases (lease) VALUES ('image:' || old.id) ON CONFLICT DO NOTHING;
   END;`,
  `CREATE TABLE layer_blobs (
     diff_id TEXT PRIMARY KEY REFERENCES layers (diff_id) ON DELETE CASCADE,
     digest TEXT NOT NULL,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     -- Null: no registry is known to have it.
     repository TEXT
   ) STRICT, WITHOUT ROWID;`,
];

interface ImageRow {
  id: string;
  config: Uint8Array;
  platform: string;
  size_bytes: number;
  create_time_ms: number | null;
  last_used_time_ms: number | null;
}

/** Keeps images in a service's database, and their events in its outbox. */
export function createSqliteImageStore(database: DatabaseSync, events: EventSink, bootId: string): ImageStore {
  const statements = prepareStatements(database);

  function tell(list: readonly ImageEvent[]): void {
    for (const { verb, objectId, name } of list) events.add({ noun: 'image', verb, objectId, attributes: { name } });
  }

  function refer(imageId: string, reference: Reference): void {
    statements.setReference.run(formatReference(reference), imageId);
  }

  function fromRow(row: ImageRow): ImageRecord {
    return {
      ...toImage(row),
      references: statements.references.all(row.id).map((found) => parseReference(String(found.reference))),
      snapshotKeys: statements.snapshotKeys.all(row.id).map((found) => String(found.key)),
      lastUsedTimeMs: row.last_used_time_ms,
    };
  }

  function addLayers({ image, layers, blobs = [] }: ImageCommit): void {
    for (const layer of layers) {
      const root = layer.root === null ? null : JSON.stringify(layer.root);
      statements.insertLayer.run(layer.name, layer.diffId, layer.sizeBytes, root, bootId);
    }
    layers.forEach((layer, position) => statements.insertImageLayer.run(image.id, position, layer.diffId));
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
      const { image, references, isLeased } = commit;
      transaction(database, () => {
        const { id, config, platform, sizeBytes, createTimeMs } = image;
        statements.insertImage.run(id, config, platform, sizeBytes, createTimeMs, isLeased ? 1 : 0);
        if (isLeased) statements.keepLease.run(imageLease(id));
        addLayers(commit);
        for (const reference of references) refer(id, reference);
        tell(commit.events);
      });
    },

    addReference(imageId, reference, list) {
      transaction(database, () => {
        refer(imageId, reference);
        tell(list);
      });
    },

    removeReferences(references, list) {
      transaction(database, () => {
        for (const reference of references) statements.deleteReference.run(formatReference(reference));
        tell(list);
      });
    },

    remove(imageId, list, isPinned): RemovedImage {
      return transaction(database, () => {
        statements.deleteReferences.run(imageId);
        statements.hideImage.run(imageId);
        statements.deleteHidden.run();
        tell(list);
        return { layers: removeUnusedLayers(isPinned) };
      });
    },

    collect(isPinned): RemovedImage {
      const { count } = statements.countRubbish.get() as { count: number };
      if (count === 0) return { layers: [] };
      return transaction(database, () => {
        statements.deleteHidden.run();
        return { layers: removeUnusedLayers(isPinned) };
      });
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

    list: () => (statements.images.all() as unknown as ImageRow[]).map(fromRow),
    layersOf: (imageId) => statements.layersOf.all(imageId).map(toLayer),

    findLayer(diffId) {
      const row = statements.layer.get(diffId);
      return row === undefined ? null : toLayer(row);
    },

    findBlob(diffId) {
      const row = statements.blob.get(diffId);
      return row === undefined ? null : toBlob(row);
    },

    listLayers: () => statements.layers.all().map(toLayer),
    listUnsynced: () => statements.unsynced.all().map((row) => String(row.name)),

    markSynced(names) {
      transaction(database, () => {
        for (const name of names) statements.markSynced.run(name);
      });
    },

    removeLost(currentBootId) {
      return transaction(database, () => {
        const lost = statements.lostImages.all(currentBootId).map((row) => String(row.id));
        for (const id of lost) statements.deleteImage.run(id);
        return lost;
      });
    },
  };
}

function prepareStatements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text);
  const unused = 'NOT EXISTS (SELECT 1 FROM image_layers WHERE image_layers.diff_id = layers.diff_id)';
  const unusedHidden = 'hidden AND NOT EXISTS (SELECT 1 FROM snapshots WHERE image_id = images.id)';
  return {
    insertImage: sql(
      `INSERT INTO images (id, config, platform, size_bytes, create_time_ms, leased) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET hidden = 0, leased = max(leased, excluded.leased)`,
    ),
    insertLayer: sql(
      'INSERT INTO layers (name, diff_id, size_bytes, root, unsynced_boot) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    insertImageLayer: sql(
      'INSERT INTO image_layers (image_id, position, diff_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    insertBlob: sql(
      `INSERT INTO layer_blobs (diff_id, digest, media_type, size_bytes, repository) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (diff_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
         size_bytes = excluded.size_bytes, repository = excluded.repository WHERE layer_blobs.repository IS NULL`,
    ),
    blob: sql('SELECT * FROM layer_blobs WHERE diff_id = ?'),
    keepLease: sql('DELETE FROM ending_leases WHERE lease = ?'),
    setReference: sql(
      `INSERT INTO image_references (reference, image_id) VALUES (?, ?)
       ON CONFLICT (reference) DO UPDATE SET image_id = excluded.image_id`,
    ),
    deleteReference: sql('DELETE FROM image_references WHERE reference = ?'),
    deleteReferences: sql('DELETE FROM image_references WHERE image_id = ?'),
    hideImage: sql('UPDATE images SET hidden = 1 WHERE id = ?'),
    deleteHidden: sql(`DELETE FROM images WHERE ${unusedHidden}`),
    deleteLayer: sql('DELETE FROM layers WHERE name = ?'),
    unusedLayers: sql(`SELECT * FROM layers WHERE ${unused}`),
    countRubbish: sql(
      `SELECT (SELECT count(*) FROM layers WHERE ${unused}) + (SELECT count(*) FROM images WHERE ${unusedHidden}) AS count`,
    ),
    image: sql('SELECT * FROM images WHERE id = ? AND NOT hidden'),
    anyImage: sql('SELECT * FROM images WHERE id = ?'),
    images: sql('SELECT * FROM images WHERE NOT hidden ORDER BY create_time_ms DESC NULLS LAST, id'),
    byReference: sql('SELECT image_id FROM image_references WHERE reference = ?'),
    byPrefix: sql('SELECT id FROM images WHERE id >= ? AND id < ? AND NOT hidden LIMIT 2'),
    references: sql(
      `SELECT reference FROM image_references WHERE image_id = ? ORDER BY instr(reference, '@') > 0, reference`,
    ),
    snapshotKeys: sql('SELECT key FROM snapshots WHERE image_id = ? ORDER BY sequence'),
    layersOf: sql('SELECT layers.* FROM image_layers JOIN layers USING (diff_id) WHERE image_id = ? ORDER BY position'),
    layer: sql('SELECT * FROM layers WHERE diff_id = ?'),
    layers: sql('SELECT * FROM layers'),
    unsynced: sql('SELECT name FROM layers WHERE unsynced_boot IS NOT NULL'),
    markSynced: sql('UPDATE layers SET unsynced_boot = NULL WHERE name = ?'),
    lostImages: sql(
      `SELECT DISTINCT image_id AS id FROM image_layers JOIN layers USING (diff_id)
       WHERE unsynced_boot != ? AND NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshots.image_id = image_layers.image_id)`,
    ),
    deleteImage: sql('DELETE FROM images WHERE id = ?'),
  };
}

function toImage({ id, config, platform, size_bytes, create_time_ms }: ImageRow): Image {
  return { id, config, platform, sizeBytes: size_bytes, createTimeMs: create_time_ms };
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
  return {
    diffId: String(row.diff_id),
    digest: String(row.digest),
    mediaType: String(row.media_type),
    size: Number(row.size_bytes),
    repository: row.repository === null ? null : String(row.repository),
  };
}
