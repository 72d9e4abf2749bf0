import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isBerthError } from '@berth/errors';
import { measureDirectory } from '@berth/service-kit';
import { beginExchange, finishExchange } from './exchange-contents.ts';
import type { DirectoryLimits, VolumeDirectories } from '../ports.ts';

const DATA = '_data';
/** What is to take the place of the data: it is whole. */
const RESTORED = '_restored';
/** An empty file: the data has a limit, that is to be taken off when it goes. */
const LIMITED = '_limited';

/**
 * Keeps volumes as `<root>/volumes/<name>/_data`, as Docker does, and the trash beside them. The outer directory lets only root list
 * it, and others pass: a container's user reaches the data by its mount alone.
 */
export function openFileVolumeDirectories(root: string, limits: DirectoryLimits): VolumeDirectories {
  const volumesDir = join(root, 'volumes');
  const trashDir = join(root, 'trash');
  mkdirSync(volumesDir, { recursive: true, mode: 0o701 });
  mkdirSync(trashDir, { recursive: true, mode: 0o700 });
  const mountpoint = (name: string): string => join(volumesDir, name, DATA);

  /** A directory in the trash for data with or without a limit. */
  function makeOuter(isLimited: boolean): string {
    const outer = join(trashDir, randomBytes(8).toString('hex'));
    makeDirectory(outer, 0o701);
    if (isLimited) writeFileSync(join(outer, LIMITED), '', { mode: 0o600 });
    return outer;
  }

  async function remove(outer: string): Promise<void> {
    if (existsSync(join(outer, LIMITED))) {
      await limits.unlimit(join(outer, DATA)).catch((error: unknown) => {
        if (!isBerthError(error, 'PATH_NOT_FOUND')) throw error;
      });
    }
    await rm(outer, { recursive: true, force: true });
  }

  /** Tells where the old contents went. */
  function settleExchange(name: string): string | null {
    const trash = join(trashDir, randomBytes(8).toString('hex'));
    return finishExchange(join(volumesDir, name), mountpoint(name), trash) ? trash : null;
  }

  /**
   * Puts what is whole into the place of the data, and tells where that went. The old data goes first: whatever a crash leaves, one of the
   * two is there.
   */
  function settle(name: string): string | null {
    const restored = join(volumesDir, name, RESTORED);
    if (!existsSync(restored)) return null;
    const trash = makeOuter(existsSync(join(volumesDir, name, LIMITED)));
    ignoring('ENOENT', () => renameSync(mountpoint(name), join(trash, DATA)));
    renameSync(restored, mountpoint(name));
    return trash;
  }

  return {
    mountpoint,
    measure(name) {
      const count = (): Promise<number> => measureDirectory(mountpoint(name));
      if (!existsSync(join(volumesDir, name, LIMITED))) return count();
      // A file system that is mounted without quotas for once does not know.
      return limits.usage(mountpoint(name)).catch(count);
    },
    create(name) {
      tellingFullDisk(`create ${name}`, () => {
        makeDirectory(join(volumesDir, name), 0o701);
        makeDirectory(mountpoint(name), 0o755);
      });
    },
    discard(name) {
      // A name of its own lets a volume be removed, made and removed again while the first data still goes.
      const trash = join(trashDir, randomBytes(8).toString('hex'));
      ignoring('ENOENT', () => renameSync(join(volumesDir, name), trash));
      return remove(trash);
    },
    async emptyTrash() {
      for (const entry of readdirSync(trashDir)) await remove(join(trashDir, entry));
    },
    rename(name, newName) {
      ignoring('ENOENT', () => renameSync(join(volumesDir, name), join(volumesDir, newName)));
    },
    async stage(limitBytes) {
      const outer = tellingFullDisk('volume', () => makeOuter(limitBytes > 0));
      const path = join(outer, DATA);
      try {
        tellingFullDisk('volume', () => makeDirectory(path, 0o755));
        if (limitBytes > 0) await limits.limit(path, limitBytes);
      } catch (error) {
        await remove(outer);
        throw error;
      }
      let isPlaced = false;
      return {
        path,
        commit(name) {
          renameSync(outer, join(volumesDir, name));
          isPlaced = true;
        },
        discard: () => (isPlaced ? Promise.resolve() : remove(outer)),
      };
    },
    async replace(name, staged) {
      // From here on it is whole, and belongs to the volume.
      renameSync(staged.path, join(volumesDir, name, RESTORED));
      const trash = settle(name);
      await Promise.all([staged.discard(), trash === null ? null : remove(trash)]);
    },
    async replaceContents(name, staged) {
      // From here on it is whole, and belongs to the volume.
      beginExchange(join(volumesDir, name), staged.path);
      const trash = settleExchange(name);
      await Promise.all([staged.discard(), trash === null ? null : remove(trash)]);
    },
    finishReplacing() {
      for (const name of readdirSync(volumesDir)) {
        settle(name);
        settleExchange(name);
      }
    },
    list: () => readdirSync(volumesDir),
    removeEmpty(name) {
      return ignoring('ENOTEMPTY', () => {
        ignoring('ENOENT', () => rmdirSync(mountpoint(name)));
        rmSync(join(volumesDir, name, LIMITED), { force: true });
        rmdirSync(join(volumesDir, name));
      });
    },
  };
}

/** Makes a directory with exactly this mode, whatever the umask; one that exists keeps its own. */
function makeDirectory(path: string, mode: number): void {
  if (ignoring('EEXIST', () => mkdirSync(path, { mode }))) chmodSync(path, mode);
}

/** Runs what makes files. Throws DISK_FULL. */
function tellingFullDisk<Result>(what: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new BerthError('DISK_FULL', `${what}: no space left on device`, { cause: error });
  }
}

/** Runs a system call; false when it failed with this code. */
function ignoring(code: string, call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return false;
  }
}
