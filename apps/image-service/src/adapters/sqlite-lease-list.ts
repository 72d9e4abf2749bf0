import type { DatabaseSync } from 'node:sqlite';
import type { CommitFlush } from '@berth/service-kit';
import type { LeaseList } from '../ports.ts';

/** Keeps the list in the tables of IMAGE_MIGRATIONS. Each change begins a flush: it is on the disk when that has settled. */
export function createSqliteLeaseList(database: DatabaseSync, flush: Pick<CommitFlush, 'begin'>): LeaseList {
  const insert = database.prepare('INSERT INTO ending_leases (lease) VALUES (?) ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM ending_leases WHERE lease = ?');
  const select = database.prepare('SELECT lease FROM ending_leases ORDER BY lease');
  return {
    add(lease) {
      insert.run(lease);
      flush.begin();
    },
    remove(lease) {
      remove.run(lease);
      flush.begin();
    },
    list: () => select.all().map((row) => String(row.lease)),
  };
}
