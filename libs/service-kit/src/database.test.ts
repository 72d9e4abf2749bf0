import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, transaction } from './database.ts';

describe('openDatabase', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'berth-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const first = 'CREATE TABLE a (x INTEGER) STRICT';
  const second = 'ALTER TABLE a ADD COLUMN y INTEGER';

  test('runs each migration once', () => {
    const path = join(dir, 'state.db');
    openDatabase({ path, migrations: [first] }).close();
    const database = openDatabase({ path, migrations: [first, second] });
    database.exec('INSERT INTO a (x, y) VALUES (1, 2)');
    expect(database.prepare('SELECT x, y FROM a').get()).toEqual({ x: 1, y: 2 });
    database.close();
  });

  test('leaves the database as it was when a migration fails', () => {
    const path = join(dir, 'state.db');
    expect(() => openDatabase({ path, migrations: [first, `${second}; SELECT broken`] })).toThrow();
    const database = openDatabase({ path, migrations: [first, second] });
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    database.close();
  });

  test('refuses a database of a newer version', () => {
    const path = join(dir, 'state.db');
    openDatabase({ path, migrations: [first, second] }).close();
    expect(() => openDatabase({ path, migrations: [first] })).toThrow(/schema version 2, this program knows 1/);
  });

  test('nobody else has it until it is closed, and its log has no index on the disk', () => {
    const path = join(dir, 'state.db');
    const database = openDatabase({ path, migrations: [first] });
    using other = new DatabaseSync(path, { readOnly: true });
    expect(() => other.prepare('SELECT * FROM a')).toThrow('database is locked');
    expect(readdirSync(dir).sort()).toEqual(['state.db', 'state.db-wal']);
    database.close();
    expect(other.prepare('SELECT * FROM a').all()).toEqual([]);
  });

  test('a transaction that throws changes nothing', () => {
    const database = openDatabase({ path: ':memory:', migrations: [first] });
    expect(() =>
      transaction(database, () => {
        database.exec('INSERT INTO a VALUES (1)');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(database.prepare('SELECT count(*) AS n FROM a').get()).toEqual({ n: 0 });
    database.close();
  });
});
