import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectService } from '@berth/client';
import { startLayerTool } from '@berth/layers';
import { ImageServiceDefinition } from '@berth/proto/image';
import { RegistryServiceDefinition } from '@berth/proto/registry';
import { bindService, createFault, openCommitFlush, runService } from '@berth/service-kit';
import { openDirectoryLayerStore } from './adapters/directory-layer-store.ts';
import { withFaults, type LastingPorts } from './adapters/faulty-ports.ts';
import { openFileSnapshotDirectories } from './adapters/file-snapshot-directories.ts';
import { createGrpcContentClient } from './adapters/grpc-content-client.ts';
import { IMAGE_MIGRATIONS } from './adapters/image-migrations.ts';
import { createSqliteImageStore } from './adapters/sqlite-image-store.ts';
import { createSqliteLeaseList } from './adapters/sqlite-lease-list.ts';
import { createSqliteSnapshotStore } from './adapters/sqlite-snapshot-store.ts';
import { createCommitSnapshot } from './commit-snapshot.ts';
import { parseConfig, type Config } from './config.ts';
import { createDeleteImage } from './delete-image.ts';
import { createDiffImages } from './diff-images.ts';
import { createDiffSnapshot } from './diff-snapshot.ts';
import { createDurability } from './durability.ts';
import { FAULT_POINTS } from './fault.ts';
import { createImageHandlers } from './grpc/image-handlers.ts';
import { createKeepBudget } from './image-budget.ts';
import { createImageHistory } from './image-history.ts';
import { createImages } from './images.ts';
import { createImportImage } from './import-image.ts';
import { createListImages } from './list-images.ts';
import { createLoadImages } from './load-images.ts';
import { createGate } from './gate.ts';
import { createLayerArchives } from './layer-archives.ts';
import { createLayerPool } from './layer-pool.ts';
import { createLeases } from './leases.ts';
import { createMeasureImages } from './measure-images.ts';
import { createReadMergedFile } from './merged-view.ts';
import { createPruneImages } from './prune-images.ts';
import { createPullImage } from './pull.ts';
import { createPushContent } from './push-content.ts';
import { createPushImage } from './push.ts';
import { recover } from './recover.ts';
import { createRemoveImage } from './remove-image.ts';
import { createSaveImages } from './save-images.ts';
import { createSnapshots } from './snapshots.ts';

await runService({
  name: 'image-service',
  migrations: IMAGE_MIGRATIONS,
  synchronous: 'NORMAL',
  start({ env, paths, stateDir, log, signal, database, events }) {
    const config = parseConfig(env);
    const flush = openCommitFlush(join(stateDir, 'state.db'));
    // What an earlier run has removed may be in memory only.
    flush.begin();
    const registry = connectService(RegistryServiceDefinition, paths.socket('registry-gateway'));
    const bootId = readBootId();
    const toolEnv = paths.root === null ? {} : { BERTH_ROOT: paths.root };
    const tool = startLayerTool({
      program: config.layerProgram,
      streamDir: join(paths.runDir, 'image-service.streams'),
      env: toolEnv,
    });
    const ports: LastingPorts = {
      content: createGrpcContentClient(registry.client, flush.settled),
      images: createSqliteImageStore({ database, flush, events, bootId, nowMs: Date.now }),
      snapshots: createSqliteSnapshotStore(database),
      leases: createSqliteLeaseList(database, flush),
      layers: openDirectoryLayerStore({ stateDir, tool, limits: config, settled: flush.settled }),
      directories: openFileSnapshotDirectories(stateDir),
    };
    const {
      content,
      images: store,
      snapshots: snapshotStore,
      layers,
      directories,
      leases: list,
    } = inTests(config, ports);
    const onFailure = (what: string, error: unknown): void => {
      log.warn({ err: error, leftover: what }, 'not removed, left for the next start');
    };
    const onImageLost = (imageId: string): void => {
      log.warn({ imageId }, 'image was not on the disk when the host went down, pull it again');
    };
    const leases = createLeases({ list, content, onFailure });

    const swept = recover({
      images: store,
      snapshots: snapshotStore,
      layers,
      directories,
      leases,
      bootId,
      nowMs: Date.now,
      onImageLost,
      onFailure,
    });
    const durability = createDurability({ store, layers, onFailure });
    durability.begin();
    const pool = createLayerPool({ ...config, store, layers, onRemovalFailed: onFailure });
    const snapshots = createSnapshots({
      images: store,
      snapshots: snapshotStore,
      layers,
      directories,
      pool,
      leases,
      readFile: createReadMergedFile(tool.isOpaque),
      nowMs: Date.now,
      onRemovalFailed: onFailure,
    });
    const removeImage = createRemoveImage({ store, pool, leases });
    const watch = watchBudget(config.imagesMaxBytes, (maxBytes) => {
      const onRemoved = (imageId: string, sizeBytes: number): void => {
        log.info({ imageId, sizeBytes }, 'image removed to keep the budget');
      };
      return createKeepBudget({ store, removeImage, maxBytes, nowMs: Date.now, onRemoved })(signal).catch(
        (error: unknown) => onFailure('budget', error),
      );
    });
    const handlers = createImageHandlers(
      {
        images: createImages(store, layers.dir),
        listImages: createListImages({ store, nowMs: Date.now }),
        measureImages: createMeasureImages(store),
        imageHistory: createImageHistory(store),
        snapshots,
        pullImage: createPullImage({ store, pool, content, durability, leases, signal }),
        pushImage: createPushImage({
          store,
          pushContent: createPushContent({
            ...{ store, content, pool, leases },
            archives: createLayerArchives({ store, layers, content, leases }),
            uploads: createGate(config.maxUploads),
          }),
          signal,
        }),
        importImage: createImportImage({ store, pool, layers, content, leases, durability, nowMs: Date.now }),
        saveImages: createSaveImages({ store, pool, layers, content }),
        loadImages: createLoadImages({ store, layers, pool, content, leases, durability }),
        deleteImage: createDeleteImage({ store, removeImage }),
        pruneImages: createPruneImages({ store, removeImage, nowMs: Date.now }),
        diffImages: createDiffImages({ store, layers, pool }),
        diffSnapshot: createDiffSnapshot({ images: store, snapshots: snapshotStore, layers, directories }),
        commitSnapshot: createCommitSnapshot({
          images: store,
          snapshots: snapshotStore,
          directories,
          layers,
          pool,
          durability,
          nowMs: Date.now,
        }),
      },
      signal,
    );
    return Promise.resolve({
      bindings: [bindService(ImageServiceDefinition, handlers)],
      settled: flush.settled,
      async close() {
        clearInterval(watch);
        await pool.settle();
        await leases.settle();
        await durability.settle();
        await swept;
        await tool.close();
        registry.close();
      },
    });
  },
});

/** Tests crash the service at steps that ports take; others have the ports as they are. */
function inTests({ fault }: Config, ports: LastingPorts): LastingPorts {
  if (fault === '') return ports;
  return withFaults(
    ports,
    createFault(FAULT_POINTS, fault, () => process.kill(process.pid, 'SIGKILL')),
  );
}

const BUDGET_INTERVAL_MS = 60_000;

/** Looks at once, then every minute. Undefined without a budget: then nothing has to be watched. */
function watchBudget(maxBytes: number | null, keep: (maxBytes: number) => Promise<void>): NodeJS.Timeout | undefined {
  if (maxBytes === null) return undefined;
  let work: Promise<void> | null = null;
  const look = (): void => {
    work ??= keep(maxBytes).finally(() => (work = null));
  };
  look();
  return setInterval(look, BUDGET_INTERVAL_MS);
}

/** Differs after each start of the host. */
function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
