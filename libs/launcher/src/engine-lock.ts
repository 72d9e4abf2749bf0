import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import type { EnginePaths } from '@berth/client';

const RETRY_MS = 50;

/**
 * Keeps two launchers from starting or stopping one engine at the same time. The lock is SQLite's lock on a file: Node cannot flock, and
 * the kernel frees this one when its holder dies. Throws ABORTED when another launcher holds it for longer than `timeoutMs`.
 */
export async function lockEngine(paths: EnginePaths, timeoutMs = 60_000): Promise<Disposable> {
  mkdirSync(paths.runDir, { recursive: true, mode: 0o755 });
  const file = join(paths.runDir, 'engine.lock');
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(file);
    if (lock) return lock;
    if (Date.now() > deadline) throw new BerthError('ABORTED', `another start or stop of this engine holds ${file}`);
    await sleep(RETRY_MS);
  }
}

const SQLITE_BUSY = 5;

function tryLock(file: string): Disposable | null {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
}
