import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { splitPath, type CopySide, type Placement } from './place.ts';

/** A destination of ours; what it links to counts. Throws when the directory that it would be in is not there. */
export async function localSide(path: string): Promise<CopySide> {
  const found = await statOrNull(path);
  if (found !== null) return { path: await realpath(path), exists: true, isDirectory: found.isDirectory() };
  const parent = splitPath(path).directory;
  const there = await statOrNull(parent);
  if (there === null) throw new CliError(`invalid output path: directory "${parent}" does not exist`);
  if (!there.isDirectory()) throw new CliError('not a directory');
  return { path, exists: false, isDirectory: false };
}

async function statOrNull(path: string): Promise<Stats | null> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** A directory never takes the place of something else, nor the other way round. */
export async function checkLocalTop({ directory, newName }: Placement, source: CopySide): Promise<void> {
  if (newName === '.') return;
  const name = newName ?? splitPath(source.path).name;
  const path = join(directory, name);
  const found = await lstat(path).catch(() => null);
  if (found === null || found.isDirectory() === source.isDirectory) return;
  const [there, here] = source.isDirectory ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
  throw new CliError(`cannot overwrite ${there} ${JSON.stringify(path)} with ${here} ${JSON.stringify(name)}`);
}
