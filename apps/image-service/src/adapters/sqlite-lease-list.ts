import type { DatabaseSync } from 'node:sqlite';
import type { LeaseList } from '../ports.ts';

/** Keeps the list in the tables of IMAGE_MIGRATIONS. */
export function createSqliteLeaseList(database: DatabaseSync): LeaseList {
  const insert = database.prepare('INSERT INTO ending_leases (lease) VALUES (?) ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM ending_leases WHERE lease = ?');
  const select = database.prepare('SELECT lease FROM ending_leases ORDER BY lease');
  return {
    add: (lease) => void insert.run(lease),
    remove: (lease) => void remove.run(lease),
    list: () => select.all().map((row) => String(row.lease)),
  };
}
