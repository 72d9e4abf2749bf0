import type { DatabaseSync } from 'node:sqlite';
import type { CommitFlush } from '@berth/service-kit';
import type { LeaseList } from '../ports.ts';

/** Keeps the list in the tables of IMAGE_MIGRATIONS. Each change begins a flush: it is on the disk when that has settled. */
export function createSqliteLeaseList(database: DatabaseSync, flush: Pick<CommitFlush, 'begin'>): LeaseList {
  // `image:<id>` and `layer:<diffID>` both have the id from their seventh character on.
  const insert = database.prepare(
    `INSERT INTO ending_leases (lease) SELECT :lease
     WHERE NOT EXISTS (SELECT 1 FROM images WHERE leased AND id = substr(:lease, 7) AND :lease LIKE 'image:%')
       AND NOT EXISTS (SELECT 1 FROM layer_blobs WHERE leased AND diff_id = substr(:lease, 7) AND :lease LIKE 'layer:%')
     ON CONFLICT DO NOTHING`,
  );
  const remove = database.prepare('DELETE FROM ending_leases WHERE lease = ?');
  const select = database.prepare('SELECT lease FROM ending_leases ORDER BY lease');
  const selectBlob = database.prepare('SELECT 1 FROM layer_blobs WHERE digest = ?');
  return {
    add(lease) {
      insert.run({ lease });
      flush.begin();
    },
    remove(lease) {
      remove.run(lease);
      flush.begin();
    },
    list: () => select.all().map((row) => String(row.lease)),
    isNeeded: (digest) => selectBlob.get(digest) !== undefined,
  };
}
