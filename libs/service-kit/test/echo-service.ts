// A small service of the volume API, run as a process of its own by the tests.
import { BerthError } from '@berth/errors';
import { VolumeServiceDefinition, type Volume, type VolumeServiceImplementation } from '@berth/proto/volume';
import { bindService, runService, transaction } from '../src/index.ts';

function volume(name: string): Volume {
  return {
    name,
    driver: 'local',
    mountpoint: '/',
    createTime: undefined,
    labels: {},
    options: {},
    containerIds: [],
    anonymous: false,
    mount: undefined,
    snapshotOf: '',
    lastUseTime: undefined,
  };
}

await runService({
  name: 'volume-service',
  migrations: ['CREATE TABLE volumes (name TEXT NOT NULL) STRICT'],
  async start({ env, database, events, signal }) {
    // Stands in for all that a service opens and that keeps a process alive.
    if (env.ECHO_STAYS) setInterval(() => database.prepare('SELECT 1').get(), 1);
    const implementation: VolumeServiceImplementation = {
      async createVolume({ name }) {
        transaction(database, () => {
          database.prepare('INSERT INTO volumes VALUES (?)').run(name);
          events.add({ noun: 'volume', verb: 'create', objectId: name, attributes: { driver: 'local' } });
        });
        return { volume: volume(name) };
      },
      async getVolume({ name }) {
        if (name === 'bug') throw new TypeError('secret insides');
        if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
        if (name === 'stuck') await new Promise(() => {});
        if (name !== 'slow') throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
        return { volume: volume(name) };
      },
      async listVolumes() {
        return {
          volumes: database
            .prepare('SELECT name FROM volumes')
            .all()
            .map((row) => volume(String(row.name))),
        };
      },
      pruneVolumes: () => Promise.resolve({ names: [], reclaimedBytes: 0n }),
      renameVolume: ({ newName }) => Promise.resolve({ volume: volume(newName) }),
      copyVolume: ({ newName }) => Promise.resolve({ volume: volume(newName) }),
      restoreVolume: () => Promise.resolve({}),
      async *exportVolume() {},
      importVolume: () => Promise.resolve({ volume: undefined }),
      measureVolumes: () => Promise.reject(new BerthError('UNIMPLEMENTED', 'no')),
      deleteVolume: () => Promise.reject(new BerthError('VOLUME_IN_USE', `stopping: ${signal.aborted}`)),
      acquireVolume: () => Promise.reject(new BerthError('UNIMPLEMENTED', 'no')),
      releaseVolumes: () => Promise.reject(Object.assign(new Error('write'), { code: 'ENOSPC' })),
    };
    return { bindings: [bindService(VolumeServiceDefinition, implementation)] };
  },
});
