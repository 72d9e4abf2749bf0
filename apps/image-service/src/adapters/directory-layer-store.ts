import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerLimits, LayerTool, UnpackedLayer } from '@berth/layers';
import type { LayerStore, PackedLayer, StagedLayer } from '../ports.ts';
import { openTrash } from './directory-trash.ts';

export interface LayerStoreOptions {
  /** The service's state directory. */
  readonly stateDir: string;
  readonly tool: Pick<LayerTool, 'unpack' | 'commit' | 'pack' | 'compress' | 'changes' | 'compare' | 'spread' | 'sync'>;
  readonly limits: LayerLimits;
  /** Resolves when the rows that were removed are off the disk: the directories of those go after them. */
  readonly settled: () => Promise<void>;
}

/**
 * Keeps layers as `<stateDir>/layers/<name>`, and unpacks them beside it. Only root gets below: an image may hold setuid programs that
 * must not be reachable from outside a container.
 */
export function openDirectoryLayerStore({ stateDir, tool, limits, settled }: LayerStoreOptions): LayerStore {
  const dir = join(stateDir, 'layers');
  const stagingDir = join(stateDir, 'staging');
  const trash = openTrash(join(stateDir, 'trash', 'layers'));
  for (const path of [dir, stagingDir]) mkdirSync(path, { recursive: true, mode: 0o700 });
  // Layers that are made at the same time do not get into each other's way, and none gets where many files were removed a while ago:
  // there ext4 looks at each of their inodes again for each file that it makes. Without it all works, slower.
  const spread = tool.spread(stagingDir).catch(() => {});

  function makeStagingDirectory(): string {
    const path = join(stagingDir, randomBytes(8).toString('hex'));
    mkdirSync(path, { mode: 0o755 });
    return path;
  }

  async function stage(fill: (targetDir: string) => Promise<UnpackedLayer>): Promise<StagedLayer> {
    await spread;
    const targetDir = makeStagingDirectory();
    const discard = () => rm(targetDir, { recursive: true, force: true, maxRetries: 3 });
    try {
      const layer = await fill(targetDir);
      return { ...layer, discard, commit: (name) => renameSync(targetDir, join(dir, name)) };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  async function write(fill: (outputPath: string) => Promise<void>): Promise<PackedLayer> {
    const path = join(stagingDir, randomBytes(8).toString('hex'));
    const discard = () => rm(path, { force: true });
    try {
      await fill(path);
      return { path, size: (await stat(path)).size, [Symbol.asyncDispose]: discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  return {
    dir,
    unpack: (request) => stage((targetDir) => tool.unpack({ ...request, limits, targetDir })),
    copy: (source, options) =>
      stage((targetDir) => tool.commit({ ...source, ...options, layersDir: dir, limits, targetDir })),
    compare: (from, to, signal) => tool.compare({ layersDir: dir, from, to }, signal),
    changes: (source, signal) => tool.changes({ ...source, layersDir: dir }, signal),
    pack: ({ name, diffId }, signal) =>
      write((outputPath) => tool.pack({ layerDir: join(dir, name), diffId, outputPath, signal })),
    packGzip: ({ name, diffId }, signal) =>
      write((outputPath) => tool.pack({ layerDir: join(dir, name), diffId, compression: 'gzip', outputPath, signal })),
    gzip: (archivePath, signal) => write((outputPath) => tool.compress({ archivePath, outputPath, signal })),
    spool: (data, signal, onOpened) =>
      write(async (outputPath) => {
        await using file = await open(outputPath, 'wx', 0o600);
        onOpened?.(outputPath);
        for await (const chunk of data) {
          signal.throwIfAborted();
          await file.writeFile(chunk);
        }
        await file.chmod(0o400);
      }),
    list: () => readdirSync(dir),
    sync: () => tool.sync(dir),
    async remove(name) {
      await settled();
      await trash.remove(join(dir, name));
    },
    async sweep() {
      for (const name of readdirSync(stagingDir)) await trash.remove(join(stagingDir, name));
      await trash.sweep();
    },
  };
}
