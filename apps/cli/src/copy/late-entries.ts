import { chmod, lchown, lstat, lutimes, rm, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ReadEntry } from 'tar';
import { checkParents } from './special-files.ts';

/**
 * What the tar library does not keep as it is: it takes symbolic links for ways out of the directory and bends or refuses them, and what it puts
 * into a directory changes the directory's time.
 */
export interface LateEntries {
  /** Looks at each entry, in their order; false for one that is made here alone: a symbolic link, or another name of one. */
  filter(entry: ReadEntry): boolean;
  /** Makes the links, now that nothing can be written through them, and then finishes the directories. */
  finish(keepOwner: boolean): Promise<void>;
}

/** As the archive has it: the library opens the mode of its entry. */
type Directory = { readonly [Key in 'mode' | 'mtime']: ReadEntry[Key] | undefined };

/** For an archive that goes to `root`. */
export function collectLateEntries(root: string): LateEntries {
  const links = new Map<string, ReadEntry>();
  const directories = new Map<string, Directory>();

  function linkOf(entry: ReadEntry): ReadEntry | undefined {
    if (entry.type === 'SymbolicLink') return entry;
    return entry.type === 'Link' ? links.get(within(root, entry.linkpath ?? '')) : undefined;
  }

  return {
    filter(entry) {
      const place = within(root, entry.path);
      const link = linkOf(entry);
      // A path that comes twice is what it is at last.
      links.delete(place);
      directories.delete(place);
      if (link) links.set(place, link);
      else if (entry.type === 'Directory') directories.set(place, { mode: entry.mode, mtime: entry.mtime });
      return link === undefined;
    },
    async finish(keepOwner) {
      for (const [place, link] of links) {
        await checkParents(place, root);
        await makeLink(place, link, keepOwner);
      }
      // What is in one comes after it, and needs it open.
      for (const [place, entry] of [...directories].toReversed()) {
        await checkParents(place, root);
        await finishDirectory(place, entry);
      }
    },
  };
}

/** The place that a path of the archive has, which is never outside. */
function within(root: string, path: string): string {
  return join(root, posix.normalize(`/${path}`)).replace(/(?<=.)\/$/, '');
}

/** In the place of what is no directory. */
async function makeLink(place: string, { linkpath = '', uid = 0, gid = 0, mtime }: ReadEntry, keepOwner: boolean) {
  await rm(place, { force: true });
  await symlink(linkpath, place);
  if (keepOwner) await lchown(place, uid, gid);
  if (mtime) await lutimes(place, mtime, mtime);
}

async function finishDirectory(place: string, { mode, mtime }: Directory): Promise<void> {
  if (!(await lstat(place)).isDirectory()) return;
  if (mode !== undefined) await chmod(place, mode & 0o7777);
  if (mtime) await lutimes(place, mtime, mtime);
}
