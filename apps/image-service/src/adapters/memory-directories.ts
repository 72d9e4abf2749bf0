import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import type { LayerStore, PackedLayer, SnapshotDirectories, StagedLayer, UnpackRequest } from '../ports.ts';

/** LayerStore without files, for tests. A blob's path says what is in it: see `memoryBlob`. */
export interface MemoryLayerStore extends LayerStore {
  /** How often something was unpacked, by path. */
  readonly unpacked: string[];
  /** Layers that were unpacked and are neither in place nor gone. */
  readonly staged: Set<string>;
  /** Unpacking waits for this; set it to make others overtake. */
  gate: Promise<void>;
}

export function createMemoryLayerStore(
  diffIdOf: (blobPath: string, range?: UnpackRequest['range']) => string,
): MemoryLayerStore {
  const placed = new Set<string>();
  const staged = new Set<string>();
  const unpacked: string[] = [];

  async function unpack(
    store: MemoryLayerStore,
    { blobPath, range, diffId, signal }: UnpackRequest,
  ): Promise<StagedLayer> {
    unpacked.push(blobPath);
    await store.gate;
    if (signal.aborted) throw new BerthError('CANCELLED', 'cancelled');
    const found = diffIdOf(blobPath, range);
    if (diffId !== null && found !== diffId) throw new BerthError('DIGEST_MISMATCH', `the layer's content is ${found}`);
    staged.add(blobPath);
    return {
      diffId: found,
      sizeBytes: 100,
      entries: 1,
      root: null,
      commit(name) {
        staged.delete(blobPath);
        placed.add(name);
      },
      discard() {
        staged.delete(blobPath);
        return Promise.resolve();
      },
    };
  }

  const store: MemoryLayerStore = {
    dir: '/layers',
    unpacked,
    staged,
    gate: Promise.resolve(),
    unpack: (request) => unpack(store, request),
    copy: ({ upperDir }, { signal }) => unpack(store, { blobPath: upperDir, diffId: null, signal }),
    compare: (from, to) =>
      Promise.resolve([
        ...from.filter((name) => !to.includes(name)).map((name) => ({ path: `/${name}`, kind: 'deleted' as const })),
        ...to.filter((name) => !from.includes(name)).map((name) => ({ path: `/${name}`, kind: 'added' as const })),
      ]),
    changes: ({ upperDir, mountPoints }) =>
      Promise.resolve([upperDir, ...mountPoints].map((path) => ({ path, kind: 'changed' as const }))),
    pack: ({ name }) => Promise.resolve(packed(`/packed/${name}`)),
    packGzip: ({ name }) => Promise.resolve(packed(`/gzip/${name}`)),
    gzip: (path) => Promise.resolve(packed(`/gzip${path}`)),
    async spool(data, _signal, onOpened) {
      const dir = mkdtempSync('/tmp/berth-');
      const path = join(dir, 'spooled');
      const discard = () => Promise.resolve(rmSync(dir, { recursive: true }));
      try {
        writeFileSync(path, '');
        for await (const chunk of data) writeFileSync(path, chunk, { flag: 'a' });
        onOpened?.(path);
        return { path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0, [Symbol.asyncDispose]: discard };
      } catch (error) {
        await discard();
        throw error;
      }
    },
    list: () => [...placed],
    remove(name) {
      placed.delete(name);
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
    sweep: () => Promise.resolve(),
  };
  return store;
}

function packed(path: string): PackedLayer {
  return { path, size: 1, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** SnapshotDirectories without files, for tests. */
export function createMemorySnapshotDirectories(): SnapshotDirectories {
  const names = new Set<string>();
  return {
    create: (name) => void names.add(name),
    upperDir: (name) => `/snapshots/${name}/upper`,
    workDir: (name) => `/snapshots/${name}/work`,
    measure: () => Promise.resolve(0),
    list: () => [...names],
    remove(name) {
      names.delete(name);
      return Promise.resolve();
    },
    sweep: () => Promise.resolve(),
  };
}
