import { join } from 'node:path';
import { startContainerFileTool } from '@berth/layers';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { bindService, runService } from '@berth/service-kit';
import { openFileVolumeDirectories } from './adapters/file-volume-directories.ts';
import { createLayerVolumeFiles } from './adapters/layer-volume-files.ts';
import { createSqliteVolumeStore, VOLUME_MIGRATIONS } from './adapters/sqlite-volume-store.ts';
import { readConfig } from './config.ts';
import { localDriver } from './drivers/local-driver.ts';
import { createVolumeHandlers } from './grpc/volume-handlers.ts';
import { createPruneVolumes } from './prune-volumes.ts';
import { createVolumeData } from './volume-data.ts';
import { createVolumes } from './volumes.ts';

await runService({
  name: 'volume-service',
  migrations: VOLUME_MIGRATIONS,
  start({ env, paths, database, events, stateDir, log }) {
    const { layerProgram } = readConfig(env);
    const store = createSqliteVolumeStore(database, events);
    const tool = startContainerFileTool({
      program: layerProgram,
      streamDir: join(paths.runDir, 'volume-service.streams'),
      env: paths.root === null ? {} : { BERTH_ROOT: paths.root },
    });
    const directories = openFileVolumeDirectories(stateDir, tool);
    const volumes = createVolumes({
      store,
      directories,
      drivers: [localDriver],
      nowMs: Date.now,
      onOrphan: (name) => log.warn({ volume: name }, 'directory holds data of no volume, left alone'),
    });
    const files = createLayerVolumeFiles(tool);
    const data = createVolumeData({ volumes, store, directories, files, nowMs: Date.now });
    volumes.recover().catch((error: unknown) => log.warn({ err: error }, 'trash not emptied'));
    const handlers = createVolumeHandlers({ volumes, prune: createPruneVolumes({ store, volumes }), data });
    return Promise.resolve({
      bindings: [bindService(VolumeServiceDefinition, handlers)],
      async close() {
        await tool[Symbol.asyncDispose]();
      },
    });
  },
});
