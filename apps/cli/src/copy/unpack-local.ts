// Unpacks archives of copies. This module, with the tar library in it, has a bundle of its own: so it throws and returns nothing that is
// told by its class.
import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Unpack, type ReadEntry } from 'tar';
import type { NewTop, TarBytes } from './archive-name.ts';
import { CAPABILITY_RECORD, writeCapability } from './capabilities.ts';
import { collectLateEntries } from './late-entries.ts';
import { renameTop, type OnEntry } from './rename-archive.ts';
import { checkParents, makeSpecialFile, type SpecialFile } from './special-files.ts';

/** Where an archive goes. */
export interface LocalTarget {
  readonly dir: string;
  /** Null: as it is in the archive. */
  readonly top: NewTop | null;
  /** True gives what is made the owners that the archive names. */
  readonly keepOwner: boolean;
  /** Told of each program that loses its capabilities, since they cannot be given here. */
  readonly onLost: (path: string) => void;
}

/**
 * Unpacks an archive as hostile input: nothing of it leaves the directory. Throws when an entry would, or cannot be made; then what is
 * whole stays, and a file that was begun goes.
 */
export async function unpackLocal(source: TarBytes, { dir, top, keepOwner, onLost }: LocalTarget): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const begun = new Set<ReadEntry>();
  const special: ReadEntry[] = [];
  const capabilities = new Map<string, string>();
  const noteEntry: OnEntry = (path, records) => {
    const capability = records.get(CAPABILITY_RECORD);
    const name = Buffer.from(path, 'latin1').toString();
    if (capability === undefined) capabilities.delete(name);
    else capabilities.set(name, capability);
  };
  const late = collectLateEntries(dir);
  const unpack = new Unpack({
    cwd: dir,
    filter: (_path, entry) => late.filter(entry as ReadEntry),
    // Written over, a file would keep its owner and its mode.
    unlink: true,
    preserveOwner: keepOwner,
    chmod: true,
    processUmask: 0,
    onReadEntry: (entry) => {
      begun.add(entry);
      entry.on('end', () => begun.delete(entry));
    },
    onwarn(code, message, { entry }) {
      if (code === 'TAR_ENTRY_UNSUPPORTED' && isSpecial(entry as ReadEntry)) special.push(entry as ReadEntry);
      // What is left out would be missing without a word.
      else if (code !== 'TAR_ENTRY_INFO') failed.reject(new Error(message));
    },
  });
  unpack.on('error', failed.reject);
  const closed = once(unpack, 'close');
  closed.catch(() => {});
  try {
    await Promise.race([feed(renameTop(source, top, noteEntry), unpack), failed.promise]);
    await Promise.race([closed, failed.promise]);
    for (const entry of special) await makeSpecialFile(toSpecialFile(entry, keepOwner), dir);
    await late.finish(keepOwner);
    for (const [name, capability] of capabilities) await giveCapability(join(dir, name), dir, capability, onLost);
  } catch (error) {
    for (const { type, absolute } of begun) {
      if (type === 'File' && absolute !== undefined) await rm(absolute, { force: true });
    }
    throw error;
  }
}

async function feed(source: TarBytes, unpack: Unpack): Promise<void> {
  for await (const chunk of source) {
    if (!unpack.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) await once(unpack, 'drain');
  }
  unpack.end();
}

/** As docker cp: where they cannot be, the program comes without. */
async function giveCapability(
  path: string,
  root: string,
  ...[capability, onLost]: [string, LocalTarget['onLost']]
): Promise<void> {
  await checkParents(path, root);
  if (!(await lstat(path)).isFile()) return;
  await writeCapability(path, capability).catch(() => onLost(path));
}

function isSpecial({ type }: ReadEntry): boolean {
  return type === 'FIFO' || type === 'CharacterDevice' || type === 'BlockDevice';
}

function toSpecialFile(entry: ReadEntry, keepOwner: boolean): SpecialFile {
  const { absolute = '', mode = 0o644, mtime, uid = 0, gid = 0, header } = entry;
  return {
    path: absolute,
    type: entry.type as SpecialFile['type'],
    mode: mode & 0o7777,
    major: header.devmaj,
    minor: header.devmin,
    mtime,
    owner: keepOwner ? { uid, gid } : null,
  };
}
