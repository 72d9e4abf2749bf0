import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

const CHUNK_BYTES = 256 * 1024;

/** A tar to be sent: of a file, or of stdin for `-`. */
export async function openArchive(context: CommandContext, source: string): Promise<Readable> {
  if (source === '-') return context.stdin;
  if (/^https?:\/\//.test(source)) {
    throw new CliError('import from a URL is not supported: fetch it first, or pipe it into `berth import -`');
  }
  const path = resolve(context.cwd, source);
  return createReadStream(path, { fd: await openFile(path, source), highWaterMark: CHUNK_BYTES });
}

/** Opens a file to read, so that a mistake shows before the engine is asked; `name` is what the user calls it. */
export async function openFile(path: string, name: string): Promise<FileHandle> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    error.path = name;
    throw error;
  });
  if (!(await file.stat()).isDirectory()) return file;
  await file.close();
  throw new CliError(`read ${name}: is a directory`);
}
