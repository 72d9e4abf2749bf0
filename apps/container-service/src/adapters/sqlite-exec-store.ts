import type { DatabaseSync } from 'node:sqlite';
import type { ExecStore } from '../ports/stores.ts';
import type { Change } from './durability.ts';

/** Keeps execs in a service's database. A reboot ends them all, so they need to survive no power cut. */
export function createSqliteExecStore(database: DatabaseSync, change: Change): ExecStore {
  const insert = database.prepare('INSERT INTO execs (id, container_id) VALUES (?, ?)');
  const exists = database.prepare('SELECT 1 FROM execs WHERE id = ?');
  const deleteRow = database.prepare('DELETE FROM execs WHERE id = ?');
  const selectAll = database.prepare('SELECT id, container_id FROM execs');

  return {
    insert(exec, events) {
      change('crash', events, () => insert.run(exec.id, exec.containerId));
    },
    remove(id, events) {
      if (exists.get(id) !== undefined) change('crash', events, () => deleteRow.run(id));
    },
    list: () => selectAll.all().map((row) => ({ id: String(row.id), containerId: String(row.container_id) })),
  };
}
