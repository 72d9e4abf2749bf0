// Where a copy goes, by the rules of docker cp (moby, pkg/archive/copy.go), which are those of cp -a.
import { CliError } from '../cli-error.ts';

/** One side of a copy: a path, and what lies there. */
export interface CopySide {
  /** As the user wrote it, made absolute; a slash or `/.` at its end is kept. */
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
}

/** Into which directory an archive is unpacked, and which name its top gets; `.` for the content alone, null for its own. */
export interface Placement {
  readonly directory: string;
  readonly newName: string | null;
}

/** Throws a CliError, in Docker's words, for a combination that makes no sense. */
export function placeCopy(source: CopySide, target: CopySide): Placement {
  const { directory, name } = splitPath(target.path);
  const contentOnly = source.isDirectory && isContent(source.path);
  if (target.exists && target.isDirectory) return { directory: target.path, newName: contentOnly ? '.' : null };
  if (target.exists && source.isDirectory) throw new CliError('cannot copy directory');
  if (!target.exists && !source.isDirectory && assertsDirectory(target.path)) throw new CliError('no such directory');
  return { directory, newName: name };
}

/** The directory and the last element of an absolute path. */
export function splitPath(path: string): { directory: string; name: string } {
  const plain = path.replace(/(\/\.?)+$/, '');
  const slash = plain.lastIndexOf('/');
  return { directory: plain.slice(0, slash) || '/', name: plain.slice(slash + 1) };
}

/** `/dir/.` stands for what is in a directory. */
export function isContent(path: string): boolean {
  return path.endsWith('/.') || path === '.';
}

/** A path that ends as one of a directory means what a link leads to. */
export function assertsDirectory(path: string): boolean {
  return path.endsWith('/') || isContent(path);
}
