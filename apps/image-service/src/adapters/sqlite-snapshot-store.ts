import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '@berth/service-kit';
import type { Snapshot } from '../image.ts';
import type { SnapshotStore } from '../ports.ts';

/** Keeps snapshots in the tables of IMAGE_MIGRATIONS. No change begins a flush: a container's start does not wait for the disk. */
export function createSqliteSnapshotStore(database: DatabaseSync): SnapshotStore {
  const insert = database.prepare('INSERT INTO snapshots (key, name, image_id) VALUES (?, ?, ?)');
  const use = database.prepare('UPDATE images SET last_used_time_ms = ? WHERE id = ?');
  const select = database.prepare('SELECT key, name, image_id FROM snapshots WHERE key = ?');
  // In keys a slash, which follows a dot, never comes.
  const selectOwned = database.prepare(
    "SELECT key, name, image_id FROM snapshots WHERE key = ?1 OR (key > ?1 || '.' AND key < ?1 || '/') ORDER BY sequence",
  );
  const selectAll = database.prepare('SELECT key, name, image_id FROM snapshots ORDER BY sequence');
  const remove = database.prepare('DELETE FROM snapshots WHERE key = ? RETURNING image_id');
  const isUnusedHidden = database.prepare(
    'SELECT 1 FROM images WHERE id = ? AND hidden AND NOT EXISTS (SELECT 1 FROM snapshots WHERE image_id = images.id)',
  );

  return {
    insert({ key, name, imageId }, timeMs) {
      transaction(database, () => {
        insert.run(key, name, imageId);
        use.run(timeMs, imageId);
      });
    },
    get(key) {
      const row = select.get(key);
      return row === undefined ? null : fromRow(row);
    },
    listOwned: (key) => selectOwned.all(key).map(fromRow),
    list: () => selectAll.all().map(fromRow),
    remove(key, timeMs) {
      const row = transaction(database, () => {
        const removed = remove.get(key);
        if (removed !== undefined) use.run(timeMs, String(removed.image_id));
        return removed;
      });
      return { wasLastOfHidden: row !== undefined && isUnusedHidden.get(String(row.image_id)) !== undefined };
    },
  };
}

function fromRow(row: Record<string, unknown>): Snapshot {
  return { key: String(row.key), name: String(row.name), imageId: String(row.image_id) };
}
