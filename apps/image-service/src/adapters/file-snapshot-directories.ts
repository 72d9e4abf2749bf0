import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { measureDirectory, openSpareDirectory } from '@berth/service-kit';
import { BerthError } from '@berth/errors';
import type { SnapshotDirectories } from '../ports.ts';
import { openTrash } from './directory-trash.ts';

/** Keeps snapshots as `<stateDir>/snapshots/<name>/{upper,work}`, reachable by root only; those of the next one are made ahead, in `<stateDir>/spare`. */
export function openFileSnapshotDirectories(stateDir: string): SnapshotDirectories {
  const dir = join(stateDir, 'snapshots');
  const trash = openTrash(join(stateDir, 'trash', 'snapshots'));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const upperDir = (name: string): string => join(dir, name, 'upper');
  const workDir = (name: string): string => join(dir, name, 'work');
  const directories = openSpareDirectory(join(stateDir, 'spare'), (path) => {
    for (const each of [path, join(path, 'upper'), join(path, 'work')]) mkdirSync(each, { mode: 0o700 });
  });

  return {
    upperDir,
    workDir,
    create(name, { mode, uid, gid }) {
      try {
        directories.create(join(dir, name));
        chmodSync(upperDir(name), mode);
        if (uid !== 0 || gid !== 0) chownSync(upperDir(name), uid, gid);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        throw new BerthError('DISK_FULL', 'no space left on device', { cause: error });
      }
    },
    measure: (name) => measureDirectory(upperDir(name)),
    list: () => readdirSync(dir),
    remove: (name) => trash.remove(join(dir, name)),
    sweep: () => trash.sweep(),
  };
}
