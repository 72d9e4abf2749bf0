import { fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Brings the commits of a WAL database that is opened with `synchronous: 'NORMAL'` to the disk, beside the work that goes on: SQLite would
 * wait for the disk in the event loop. Commits that come while a flush runs share the next one.
 */
export interface CommitFlush {
  /** Call it after a commit that has to survive a power cut. */
  begin(): void;
  /** Resolves when all commits that `begin` was called for are on the disk. Rejects with the system's error; the next call tries again. */
  settled(): Promise<void>;
}

/** A flush of a database. The file is held as long as the process lives. */
export function openCommitFlush(databasePath: string): CommitFlush {
  // The log is made with the first connection and stays until the last one closes. SQLite syncs it, then the database, before it begins
  // the log anew (https://www.sqlite.org/wal.html), so what was written to either is found again.
  const file = openSync(`${databasePath}-wal`, 'r');
  const flush = promisify(fdatasync);
  return createCommitFlush(() => flush(file));
}

/** The same over any way to flush. */
export function createCommitFlush(flush: () => Promise<void>): CommitFlush {
  let begun = 0;
  let flushed = 0;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    const covered = begun;
    try {
      await flush();
      flushed = covered;
    } finally {
      running = null;
    }
  }

  return {
    begin() {
      begun++;
      running ??= run();
      running.catch(() => {});
    },
    async settled() {
      const wanted = begun;
      while (flushed < wanted) await (running ??= run());
    },
  };
}
