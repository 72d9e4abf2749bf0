import { DatabaseSync } from 'node:sqlite';

export interface DatabaseOptions {
  /** Absolute path, or `:memory:`. */
  path: string;
  /** SQL scripts, oldest first. Script n brings a database of version n to version n + 1; never change one that was released. */
  migrations: readonly string[];
  /** FULL (default) survives a power cut; NORMAL survives a crash of the process only, and is eight times faster. */
  synchronous?: 'FULL' | 'NORMAL';
}

/** https://www.sqlite.org/rescode.html#full */
const SQLITE_FULL = 13;
/** What a database keeps for itself, so that on a full disk there is room to note what is removed. */
const RESERVED_BYTES = 64 * 1024;

/**
 * Opens a SQLite database in WAL mode with foreign keys on, and migrates it. It and its log keep some room on the disk for `transaction`.
 * Nobody else opens it until it is closed, not even to read, so that the index of its log is in this process's memory: in a file that is shared
 * each commit costs some page faults, which wait for the disk's journal. Throws when it is open elsewhere for more than five seconds, or was
 * written by a newer version.
 */
export function openDatabase({ path, migrations, synchronous = 'FULL' }: DatabaseOptions): DatabaseSync {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY');
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    migrate(database, migrations, path);
    reserveRoom(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Runs a function in an immediate transaction: commits what it did when it returns, rolls back when it throws. Does not nest.
 * When the disk is full the function runs a second time, in the room that the log has.
 */
export function transaction<Result>(database: DatabaseSync, run: () => Result): Result {
  try {
    return runOnce(database, run);
  } catch (error) {
    if (!isDatabaseFull(error)) throw error;
    // The log begins anew once all that is in it has gone into the database.
    database.exec('PRAGMA wal_checkpoint');
    return runOnce(database, run);
  }
}

/** Whether SQLite found the disk full. */
export function isDatabaseFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_FULL;
}

/** A large row that comes and goes leaves free pages in the database, and as much in its log. */
function reserveRoom(database: DatabaseSync): void {
  try {
    // A crash may have left it.
    database.exec(`DROP TABLE IF EXISTS reserve; CREATE TABLE reserve AS SELECT zeroblob(${RESERVED_BYTES}) AS room`);
    database.exec('DROP TABLE reserve; PRAGMA wal_checkpoint');
  } catch (error) {
    if (!isDatabaseFull(error)) throw error;
  }
}

function runOnce<Result>(database: DatabaseSync, run: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function migrate(database: DatabaseSync, migrations: readonly string[], path: string): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new Error(
      `${path} has schema version ${row.user_version}, this program knows ${migrations.length}: upgrade it`,
    );
  }
  for (let version = row.user_version; version < migrations.length; version++) {
    transaction(database, () => {
      database.exec(migrations[version] as string);
      database.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
