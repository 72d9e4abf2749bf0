import type { DatabaseSync } from 'node:sqlite';
import { transaction, type EventSink } from '@berth/service-kit';
import type { VolumeEvent, VolumeStore, VolumeWithUses } from '../ports.ts';

/** The schema, oldest version first. */
export const VOLUME_MIGRATIONS: readonly string[] = [
  `CREATE TABLE volumes (
     name TEXT PRIMARY KEY,
     driver TEXT NOT NULL,
     labels TEXT NOT NULL,
     options TEXT NOT NULL,
     anonymous INTEGER NOT NULL,
     create_time_ms INTEGER NOT NULL,
     deleting INTEGER NOT NULL DEFAULT 0
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE uses (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     volume TEXT NOT NULL REFERENCES volumes (name) ON DELETE CASCADE,
     container_id TEXT NOT NULL,
     UNIQUE (volume, container_id)
   ) STRICT;
   CREATE INDEX uses_by_container ON uses (container_id);`,
  `ALTER TABLE volumes ADD COLUMN renaming_to TEXT;
   ALTER TABLE volumes ADD COLUMN snapshot_of TEXT;
   ALTER TABLE volumes ADD COLUMN last_use_time_ms INTEGER;`,
];

interface VolumeRow {
  name: string;
  driver: string;
  labels: string;
  options: string;
  anonymous: number;
  create_time_ms: number;
  snapshot_of: string | null;
  last_use_time_ms: number | null;
}

/** Keeps volumes in a service's database, and their events in its outbox. */
export function createSqliteVolumeStore(database: DatabaseSync, events: EventSink): VolumeStore {
  const insert = database.prepare(
    `INSERT INTO volumes (name, driver, labels, options, anonymous, create_time_ms, snapshot_of) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const select = database.prepare('SELECT * FROM volumes WHERE name = ? AND NOT deleting');
  const selectAll = database.prepare('SELECT * FROM volumes WHERE NOT deleting ORDER BY name');
  const selectUsers = database.prepare('SELECT container_id FROM uses WHERE volume = ? ORDER BY sequence');
  const insertUse = database.prepare('INSERT INTO uses (volume, container_id) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const deleteUses = database.prepare('DELETE FROM uses WHERE container_id = ? RETURNING volume');
  const mark = database.prepare(
    `UPDATE volumes SET deleting = 1
     WHERE name = ? AND NOT deleting AND NOT EXISTS (SELECT 1 FROM uses WHERE volume = name)`,
  );
  const touch = database.prepare('UPDATE volumes SET last_use_time_ms = ? WHERE name = ?');
  const startRenaming = database.prepare(
    `UPDATE volumes SET renaming_to = ?
     WHERE name = ? AND NOT deleting AND NOT EXISTS (SELECT 1 FROM uses WHERE volume = name)`,
  );
  const selectRenaming = database.prepare('SELECT name, renaming_to FROM volumes WHERE renaming_to IS NOT NULL');
  const renameRow = database.prepare(
    'UPDATE volumes SET name = ?, renaming_to = NULL WHERE name = ? AND renaming_to = ?',
  );
  const selectDeleting = database.prepare('SELECT name FROM volumes WHERE deleting ORDER BY name');
  const deleteMarked = database.prepare('DELETE FROM volumes WHERE name = ? AND deleting');

  function tell({ verb, volume, attributes }: VolumeEvent): void {
    events.add({ noun: 'volume', verb, objectId: volume, attributes });
  }

  function fromRow(row: VolumeRow): VolumeWithUses {
    return {
      name: row.name,
      driver: row.driver,
      labels: JSON.parse(row.labels) as Record<string, string>,
      options: JSON.parse(row.options) as Record<string, string>,
      anonymous: row.anonymous === 1,
      createTimeMs: row.create_time_ms,
      snapshotOf: row.snapshot_of,
      lastUseTimeMs: row.last_use_time_ms,
      containerIds: selectUsers.all(row.name).map((use) => String(use.container_id)),
    };
  }

  return {
    insert(volume, event) {
      transaction(database, () => {
        const { changes } = insert.run(
          volume.name,
          volume.driver,
          JSON.stringify(volume.labels),
          JSON.stringify(volume.options),
          volume.anonymous ? 1 : 0,
          volume.createTimeMs,
          volume.snapshotOf,
        );
        if (changes === 1) tell(event);
      });
    },
    get(name) {
      const row = select.get(name) as unknown as VolumeRow | undefined;
      return row === undefined ? null : fromRow(row);
    },
    list: () => (selectAll.all() as unknown as VolumeRow[]).map(fromRow),
    addUse(name, containerId, timeMs) {
      transaction(database, () => {
        if (insertUse.run(name, containerId).changes === 1) touch.run(timeMs, name);
      });
    },
    removeUses: (containerId, timeMs) =>
      transaction(database, () => {
        const names = deleteUses.all(containerId).map((use) => String(use.volume));
        for (const name of names) touch.run(timeMs, name);
        return names;
      }),
    markRenaming(name, newName) {
      return transaction(
        database,
        () => select.get(newName) === undefined && startRenaming.run(newName, name).changes === 1,
      );
    },
    listRenaming: () =>
      selectRenaming.all().map((row) => ({ name: String(row.name), newName: String(row.renaming_to) })),
    rename(name, newName, event) {
      transaction(database, () => {
        if (renameRow.run(newName, name, newName).changes === 1) tell(event);
      });
    },
    markDeleting: (name) => transaction(database, () => mark.run(name).changes === 1),
    listDeleting: () => selectDeleting.all().map((row) => String(row.name)),
    tell: (event) => transaction(database, () => tell(event)),
    remove(name, event) {
      transaction(database, () => {
        if (deleteMarked.run(name).changes === 1) tell(event);
      });
    },
  };
}
