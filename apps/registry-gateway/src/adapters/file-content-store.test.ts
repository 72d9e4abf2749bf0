import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256Digest } from '@berth/oci';
import { openDatabase } from '@berth/service-kit';
import { describeContentStore, reasonOf } from '../content-store.contract.ts';
import type { ContentStore } from '../ports.ts';
import { blobPath, openFileContentStore } from './file-content-store.ts';
import { createSqliteBlobIndex, MIGRATIONS, type BlobIndex } from './sqlite-blob-index.ts';
import { sweepContent, sweepPartials } from './sweep-content.ts';

async function openStore(dir: string) {
  const database = openDatabase({ path: join(dir, 'state.db'), migrations: MIGRATIONS });
  const index = createSqliteBlobIndex(database, { begin() {} });
  const store = await openFileContentStore({ dir, index, settled: () => Promise.resolve() });
  return { store, index, close: () => database.close() };
}

describeContentStore('file content store', async () => {
  const dir = mkdtempSync('/tmp/berth-');
  const { store, close } = await openStore(dir);
  return {
    store,
    close() {
      close();
      rmSync(dir, { recursive: true });
    },
  };
});

describe('files of the content store', () => {
  const content = Buffer.from('content');
  const digest = sha256Digest(content);
  const hourMs = 3600_000;
  let dir: string;
  let store: ContentStore;
  let index: BlobIndex;
  let close: () => void;
  beforeEach(async () => {
    dir = mkdtempSync('/tmp/berth-');
    ({ store, index, close } = await openStore(dir));
  });
  afterEach(() => {
    close();
    rmSync(dir, { recursive: true });
  });

  const put = async () => {
    await using ingest = await store.ingest({ digest, size: null, isResumable: false });
    await ingest.write(content);
    return ingest.commit({ digest, size: null, mediaType: 'text/plain', lease: null });
  };
  const ingests = () => readdirSync(join(dir, 'ingest'));
  const partialPath = () => join(dir, 'ingest', digest.replace(':', '-'));

  test('are read-only below a private directory', async () => {
    const { path } = await put();
    expect(path).toBe(blobPath(dir, digest));
    expect(readFileSync(path, 'utf8')).toBe('content');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('444');
    expect((statSync(join(dir, 'blobs')).mode & 0o777).toString(8)).toBe('700');
    expect(ingests()).toEqual([]);
  });

  test('that were lost or cut do not count, and come back when stored again', async () => {
    const { path } = await put();
    truncateSync(path, 3);
    expect(await store.get(digest)).toBeNull();
    await put();
    expect(readFileSync(path, 'utf8')).toBe('content');
    rmSync(path);
    expect(await store.get(digest)).toBeNull();
    expect((await put()).size).toBe(7);
    expect(await store.get(digest)).not.toBeNull();
  });

  test('of a failed ingest are removed', async () => {
    await using ingest = await store.ingest({ digest, size: null, isResumable: true });
    await ingest.write(Buffer.from('wrong'));
    await reasonOf(ingest.commit({ digest, size: null, mediaType: '', lease: null }));
    expect(ingests()).toEqual([]);
    expect(readdirSync(join(dir, 'blobs'), { recursive: true })).toEqual([]);
  });

  test('that cannot be recorded leave no file', async () => {
    const full = () => {
      throw new Error('database or disk is full');
    };
    const unable = await openFileContentStore({
      dir,
      index: { ...index, add: full },
      settled: () => Promise.resolve(),
    });
    await using ingest = await unable.ingest({ digest, size: null, isResumable: false });
    await ingest.write(content);
    const commit = { digest, size: null, mediaType: '', lease: null };
    await expect(ingest.commit(commit)).rejects.toThrow('database or disk is full');
    expect(() => statSync(blobPath(dir, digest))).toThrow('ENOENT');
  });

  test('go when their rows are off the disk', async () => {
    const { path } = await put();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = await openFileContentStore({ dir, index, settled: () => promise });
    const removed = waiting.remove(digest);
    await new Promise(setImmediate);
    expect(index.get(digest)).toBeNull();
    expect(statSync(path).size).toBe(7);
    resolve();
    expect(await removed).toBe(7);
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('are not begun when the disk has no room for them', async () => {
    const huge = store.ingest({ digest, size: Number.MAX_SAFE_INTEGER, isResumable: true });
    expect(await reasonOf(huge)).toBe('DISK_FULL');
    expect(ingests()).toEqual([]);
  });

  test('that a killed process left are continued', async () => {
    writeFileSync(partialPath(), 'cont');
    await using ingest = await store.ingest({ digest, size: null, isResumable: true });
    expect(ingest.offset).toBe(4);
    await ingest.write(Buffer.from('ent'));
    expect((await ingest.commit({ digest, size: 7, mediaType: 'text/plain', lease: null })).digest).toBe(digest);
  });

  test('a sweep keeps fresh partials and blobs, and removes the rest', async () => {
    const { path } = await put();
    const orphan = blobPath(dir, sha256Digest(Buffer.from('orphan')));
    mkdirSync(dirname(orphan), { recursive: true });
    writeFileSync(orphan, 'orphan');
    writeFileSync(partialPath(), 'cont');
    writeFileSync(join(dir, 'ingest', 'c0ffee00-0000-4000-8000-000000000000'), 'nobody knows');
    expect(await sweepContent(dir, index, hourMs)).toEqual({ removedIngests: 1, removedFiles: 1 });
    expect(ingests()).toEqual([digest.replace(':', '-')]);
    expect(statSync(path).size).toBe(7);
    expect(() => statSync(orphan)).toThrow();
    utimesSync(partialPath(), 1, 1);
    expect(await sweepPartials(dir, hourMs)).toBe(1);
    expect(ingests()).toEqual([]);
  });
});
