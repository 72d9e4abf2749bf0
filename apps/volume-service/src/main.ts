import { VolumeServiceDefinition } from '@berth/proto/volume';
import { bindService, runService } from '@berth/service-kit';
import { openFileVolumeDirectories } from './adapters/file-volume-directories.ts';
import { createSqliteVolumeStore, VOLUME_MIGRATIONS } from './adapters/sqlite-volume-store.ts';
import { localDriver } from './drivers/local-driver.ts';
import { createVolumeHandlers } from './grpc/volume-handlers.ts';
import { createPruneVolumes } from './prune-volumes.ts';
import { createVolumes } from './volumes.ts';

await runService({
  name: 'volume-service',
  migrations: VOLUME_MIGRATIONS,
  start({ database, events, stateDir, log }) {
    const store = createSqliteVolumeStore(database, events);
    const volumes = createVolumes({
      store,
      drivers: [localDriver],
      directories: openFileVolumeDirectories(stateDir),
      nowMs: Date.now,
      onOrphan: (name) => log.warn({ volume: name }, 'directory holds data of no volume, left alone'),
    });
    volumes.recover().catch((error: unknown) => log.warn({ err: error }, 'trash not emptied'));
    return Promise.resolve({
      bindings: [
        bindService(VolumeServiceDefinition, createVolumeHandlers(volumes, createPruneVolumes({ store, volumes }))),
      ],
    });
  },
});
