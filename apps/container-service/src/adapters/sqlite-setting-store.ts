import type { DatabaseSync } from 'node:sqlite';
import type { SettingStore } from '../ports/stores.ts';
import type { Change } from './durability.ts';

/** Keeps an engine's settings in a service's database. */
export function createSqliteSettingStore(database: DatabaseSync, change: Change): SettingStore {
  const select = database.prepare('SELECT value FROM settings WHERE key = ?');
  const insert = database.prepare('INSERT INTO settings (key, value) VALUES (?, ?)');

  return {
    getOrSet(key, make) {
      const row = select.get(key);
      if (row !== undefined) return String(row.value);
      const value = make();
      change('power-cut', [], () => insert.run(key, value));
      return value;
    },
  };
}
