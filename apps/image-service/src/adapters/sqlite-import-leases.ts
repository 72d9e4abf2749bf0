import type { DatabaseSync } from 'node:sqlite';
import type { ImportLeases } from '../ports.ts';

/** Keeps import leases in the tables of IMAGE_MIGRATIONS. */
export function createSqliteImportLeases(database: DatabaseSync): ImportLeases {
  const insert = database.prepare('INSERT INTO import_leases (lease) VALUES (?) ON CONFLICT DO NOTHING');
  const remove = database.prepare('DELETE FROM import_leases WHERE lease = ?');
  const select = database.prepare('SELECT lease FROM import_leases ORDER BY lease');
  return {
    add: (lease) => void insert.run(lease),
    remove: (lease) => void remove.run(lease),
    list: () => select.all().map((row) => String(row.lease)),
  };
}
