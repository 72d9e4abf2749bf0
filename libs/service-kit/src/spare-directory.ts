import { existsSync, renameSync, rmSync } from 'node:fs';

/** Makes directories, of which the next one is made ahead. */
export interface SpareDirectory {
  /** Makes a directory at a path of the same file system, where nothing is. Throws the system's error. */
  create(path: string): void;
}

/** Long enough for whatever took the last one to be over. */
const DELAY_MS = 50;

/**
 * Keeps a directory that was made ahead at a path of its own, beside where it goes. Who waits for a new directory waits for one rename then:
 * ext4 looks long for an inode where others went a few seconds ago. The path is emptied first, since what is there may be half made.
 */
export function openSpareDirectory(spare: string, make: (path: string) => void): SpareDirectory {
  let making: NodeJS.Timeout | null = null;

  function discard(): void {
    rmSync(spare, { recursive: true, force: true });
  }

  function makeSpare(): void {
    making = null;
    try {
      make(spare);
    } catch {
      // What is wrong is told to whoever creates one.
      discard();
    }
  }

  discard();
  return {
    create(path) {
      if (existsSync(spare)) renameSync(spare, path);
      else make(path);
      making ??= setTimeout(makeSpare, DELAY_MS).unref();
    },
  };
}
