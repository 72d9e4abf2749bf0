import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BlobIndex } from './sqlite-blob-index.ts';

/** What a sweep removed. */
export interface SweepResult {
  readonly removedIngests: number;
  readonly removedFiles: number;
}

/**
 * Removes what a crash left: ingests that nobody can continue, partial blobs older than `maxAgeMs`, and files without a row. Only before
 * the store is used.
 */
export async function sweepContent(dir: string, index: BlobIndex, maxAgeMs: number): Promise<SweepResult> {
  const isStale = (name: string, mtimeMs: number) => !isPartial(name) || isOlder(mtimeMs, maxAgeMs);
  const removedIngests = await removeIngests(dir, isStale);
  const removedFiles = await removeOrphans(join(dir, 'blobs'), index);
  return { removedIngests, removedFiles };
}

/** Removes partial blobs that nobody has continued for `maxAgeMs`. Also while the store is used. */
export function sweepPartials(dir: string, maxAgeMs: number): Promise<number> {
  return removeIngests(dir, (name, mtimeMs) => isPartial(name) && isOlder(mtimeMs, maxAgeMs));
}

async function removeIngests(dir: string, isStale: (name: string, mtimeMs: number) => boolean): Promise<number> {
  let removed = 0;
  for (const name of await readdir(join(dir, 'ingest')).catch(() => [])) {
    const path = join(dir, 'ingest', name);
    const found = await stat(path).catch(() => null);
    if (found === null || !isStale(name, found.mtimeMs)) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

function isPartial(name: string): boolean {
  return /^sha(?:256|512)-[a-f0-9]+$/.test(name);
}

function isOlder(mtimeMs: number, maxAgeMs: number): boolean {
  return mtimeMs < Date.now() - maxAgeMs;
}

async function removeOrphans(blobsDir: string, index: BlobIndex): Promise<number> {
  let removed = 0;
  for (const entry of await readdir(blobsDir, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) continue;
    const algorithm = basename(join(entry.parentPath, '..'));
    if (index.get(`${algorithm}:${entry.name}`) !== null) continue;
    await rm(join(entry.parentPath, entry.name));
    removed++;
  }
  return removed;
}
