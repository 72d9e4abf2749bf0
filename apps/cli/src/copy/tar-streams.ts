// Archives of copies. This module, with the tar library in it, has a bundle of its own: so it throws and returns nothing that is told by
// its class.
import { once } from 'node:events';
import { posix } from 'node:path';
import { Pack, Parser, Unpack, type ReadEntry } from 'tar';

/** The bytes of an archive. */
export type TarBytes = AsyncIterable<Uint8Array>;

/** Another name for what an archive holds. */
export interface NewTop {
  /** The name; `.` for none. */
  readonly name: string;
  /** True when the first path element of the archive is the name that there is; false when there is none. */
  readonly replaces: boolean;
}

/** What lies in `dir` under `name`, as an archive whose first path element is `newName`; `.` leaves that element away. */
export function packLocal(dir: string, name: string, newName: string): TarBytes {
  const pack = new Pack({ cwd: dir, onWriteEntry: (entry) => rename(entry, { name: newName, replaces: true }) });
  // A name that begins with @ would be an archive to the library.
  pack.add(`./${name}`);
  pack.end();
  return pack as AsyncIterable<Buffer>;
}

/** The same archive with another name for what it holds. */
export async function* renameTop(source: TarBytes, top: NewTop): TarBytes {
  const pack = new Pack({ onWriteEntry: (entry) => rename(entry, top) });
  const parser = new Parser({ strict: true });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  parser.on('entry', (entry: ReadEntry) => pack.add(entry));
  parser.on('end', () => pack.end());
  parser.on('error', failed.reject);
  const fed = feed(source, parser).catch(failed.reject);
  const output = (pack as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([output.next(), failed.promise]);
    if (next.done === true) break;
    yield next.value;
  }
  await fed;
}

/** Where an archive goes. */
export interface LocalTarget {
  readonly dir: string;
  /** Null: as it is in the archive. */
  readonly top: NewTop | null;
  /** True gives what is made the owners that the archive names. */
  readonly keepOwner: boolean;
}

/** Unpacks an archive as hostile input: nothing of it leaves the directory. Throws when an entry would, or cannot be made. */
export async function unpackLocal(source: TarBytes, { dir, top, keepOwner }: LocalTarget): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const unpack = new Unpack({
    cwd: dir,
    preserveOwner: keepOwner,
    chmod: true,
    processUmask: 0,
    onReadEntry: (entry) => {
      if (top !== null) rename(entry, top);
    },
    onwarn(code, message) {
      // What is left out would be missing without a word.
      if (code !== 'TAR_ENTRY_INFO') failed.reject(new Error(message));
    },
  });
  unpack.on('error', failed.reject);
  const closed = once(unpack, 'close');
  closed.catch(() => {});
  await Promise.race([feed(source, unpack), failed.promise]);
  await Promise.race([closed, failed.promise]);
}

async function feed(source: TarBytes, sink: Parser): Promise<void> {
  for await (const chunk of source) {
    if (!sink.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) await once(sink, 'drain');
  }
  sink.end();
}

/** Hard links name a path of the archive, symbolic links one of the world that they are in. */
function rename(entry: { path: string; linkpath?: string | undefined; type?: unknown }, top: NewTop): void {
  entry.path = renamed(entry.path, top);
  if (entry.type === 'Link' && entry.linkpath !== undefined) entry.linkpath = renamed(entry.linkpath, top);
}

function renamed(path: string, { name, replaces }: NewTop): string {
  const elements = path.replace(/^(\.?\/+)+/, '').split('/');
  const below = (replaces ? elements.slice(1) : elements).join('/');
  if (name === '.') return below === '' ? './' : below;
  if (below !== '') return posix.join(name, below);
  return path.endsWith('/') ? `${name}/` : name;
}
