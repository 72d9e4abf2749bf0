import { posix } from 'node:path';

/** The bytes of an archive. */
export type TarBytes = AsyncIterable<Uint8Array>;

/** Another name for what an archive holds. */
export interface NewTop {
  /** The name; `.` for none. */
  readonly name: string;
  /** True when the first path element of the archive is the name that there is; false when there is none. */
  readonly replaces: boolean;
}

/** The path of an entry under the new name. */
export function renamed(path: string, { name, replaces }: NewTop): string {
  const elements = path.replace(/^(\.?\/+)+/, '').split('/');
  const below = (replaces ? elements.slice(1) : elements).join('/');
  if (name === '.') return below === '' ? './' : below;
  if (below !== '') return posix.join(name, below);
  return path.endsWith('/') ? `${name}/` : name;
}
