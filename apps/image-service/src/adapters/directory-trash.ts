import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where directories go before they are removed, so that taking one out of its place is one rename. */
export interface Trash {
  /** Moves a directory here before it returns; resolves once its data is removed. Does nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Removes what a crash left. */
  sweep(): Promise<void>;
}

/** Opens the trash in a directory of the same file system as what it takes. */
export function openTrash(dir: string): Trash {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    async remove(path) {
      const place = join(dir, randomBytes(8).toString('hex'));
      try {
        renameSync(path, place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      await rm(place, { recursive: true, force: true });
    },
    async sweep() {
      for (const name of readdirSync(dir)) await rm(join(dir, name), { recursive: true, force: true });
    },
  };
}
