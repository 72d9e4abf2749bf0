import { fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Brings the commits of a WAL database that is opened with `synchronous: 'NORMAL'` to the disk, beside the work that goes on: SQLite would
 * wait for the disk in the event loop. A flush begins when the event loop has done what is at hand, since what else is written waits for it;
 * commits that come while one runs share the next.
 */
export interface CommitFlush {
  /** Call it after a commit that has to survive a power cut. */
  begin(): void;
  /** Resolves when all commits that `begin` was called for are on the disk, and waits for nothing to flush them. Rejects with the system's error; the next call tries again. */
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
  let soon: NodeJS.Immediate | null = null;

  async function run(): Promise<void> {
    const covered = begun;
    clearImmediate(soon ?? undefined);
    soon = null;
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
      soon ??= setImmediate(() => {
        soon = null;
        running ??= run();
        running.catch(() => {});
      });
    },
    async settled() {
      const wanted = begun;
      while (flushed < wanted) await (running ??= run());
    },
  };
}
