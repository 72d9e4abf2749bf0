import { BerthError } from '@berth/errors';
import type { ContainerFiles, ContainerPaths } from '../ports/files.ts';
import type { ImageClient, PreparedSnapshot, SnapshotCommit } from '../ports/images.ts';
import type { VolumeClient } from '../ports/volumes.ts';
import type { NameFiles } from '../network/name-files.ts';
import type { ImageDefaults } from '../spec/specify-container.ts';

/** An image that says nothing but what to run. */
export const EMPTY_IMAGE: ImageDefaults = {
  user: '',
  env: ['PATH=/bin'],
  entrypoint: [],
  cmd: ['sh'],
  workingDir: '',
  volumes: [],
  labels: {},
  exposedPorts: [],
  stopSignal: '',
  stopTimeoutSeconds: null,
  shell: [],
  healthcheck: null,
};

/** An ImageClient for tests with images by name; `snapshots` are the containers that have one. */
export interface MemoryImageClient extends ImageClient {
  readonly images: Map<string, ImageDefaults>;
  readonly snapshots: Set<string>;
  /** What was asked of commitSnapshot. */
  readonly commits: SnapshotCommit[];
  /** Stands in for a service that is down. */
  down: boolean;
}

/** Has one image, `busybox`. */
export function createMemoryImageClient(): MemoryImageClient {
  const images = new Map([['busybox', EMPTY_IMAGE]]);
  const snapshots = new Set<string>();
  const imageIds = new Map<string, string>();
  const last = new Map<string, PreparedSnapshot>();

  const client: MemoryImageClient = {
    images,
    snapshots,
    commits: [],
    down: false,
    prepareSnapshot(containerId, image) {
      if (client.down) return Promise.reject(new BerthError('SERVICE_UNAVAILABLE', 'image-service is down'));
      const name = imageIds.get(image) ?? image;
      const defaults = images.get(name);
      if (defaults === undefined)
        return Promise.reject(new BerthError('IMAGE_NOT_FOUND', `No such image: ${image}:latest`));
      snapshots.add(containerId);
      const imageId = `sha256:${name}`;
      imageIds.set(imageId, name);
      const prepared = {
        rootfs: { layersDir: '/layers', lowerDirs: ['a'], upperDir: '/upper', workDir: '/work' },
        passwd: Buffer.from('root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n'),
        group: Buffer.from('root:x:0:\nann:x:1000:\nstaff:x:50:ann\n'),
        imageId,
        image: defaults,
      };
      last.set(image, prepared);
      return Promise.resolve(prepared);
    },
    lastSnapshot: (image) => last.get(image) ?? null,
    deleteSnapshot(containerId) {
      if (client.down) return Promise.reject(new BerthError('SERVICE_UNAVAILABLE', 'image-service is down'));
      for (const key of snapshots) if (key.split('.')[0] === containerId) snapshots.delete(key);
      return Promise.resolve();
    },
    listSnapshots: () => Promise.resolve([...snapshots]),
    commitSnapshot(commit) {
      client.commits.push(commit);
      return Promise.resolve(`sha256:commit-${client.commits.length}`);
    },
    diffSnapshot: (containerId) => Promise.resolve([{ path: `/${containerId}`, kind: 'added' }]),
    findImage(image) {
      const name = image.replace(/^sha256:/, '');
      return Promise.resolve(images.has(name) ? { id: `sha256:${name}`, sizeBytes: 5_000 } : null);
    },
    measureSnapshots: (ids) => Promise.resolve(new Map(ids.filter((id) => snapshots.has(id)).map((id) => [id, 1000]))),
  };
  return client;
}

/** A VolumeClient for tests; `uses` has the names of the volumes of each container. */
export function createMemoryVolumeClient(): VolumeClient & { readonly uses: Map<string, string[]> } {
  const uses = new Map<string, string[]>();
  return {
    uses,
    acquire(name, containerId) {
      const volume = name === '' ? `anonymous-${uses.size}` : name;
      uses.set(containerId, [...(uses.get(containerId) ?? []), volume]);
      return Promise.resolve({ name: volume, mountpoint: `/volumes/${volume}/_data`, driver: 'local', mount: null });
    },
    release(containerId) {
      uses.delete(containerId);
      return Promise.resolve();
    },
    listUsers: () => Promise.resolve([...uses.keys()]),
  };
}

/** ContainerFiles for tests; `names` has the name files of each container, `runtimes` those with a run-time directory. */
export function createMemoryContainerFiles(): ContainerFiles & {
  readonly names: Map<string, NameFiles>;
  readonly runtimes: Set<string>;
} {
  const names = new Map<string, NameFiles>();
  const runtimes = new Set<string>();
  const execDir = (id: string, execId: string): string => `/run/${id}/x/${execId}`;

  function paths(id: string): ContainerPaths {
    const dir = `/state/${id}`;
    return {
      resolvConf: `${dir}/resolv.conf`,
      hostname: `${dir}/hostname`,
      hosts: `${dir}/hosts`,
      log: `${dir}/container.log`,
      stateDir: `/run/${id}`,
    };
  }

  return {
    names,
    runtimes,
    paths,
    readNames: (id) => ({ hosts: names.get(id)?.hosts ?? '' }),
    rewriteNames(id, files) {
      names.set(id, { hostname: '', ...names.get(id), ...files });
    },
    prepare(id, files) {
      names.set(id, files);
      runtimes.add(id);
    },
    prepareExec: execDir,
    execDir,
    removeExec: () => Promise.resolve(),
    hasRuntime: (id) => runtimes.has(id),
    removeRuntime(id) {
      runtimes.delete(id);
      return Promise.resolve();
    },
    remove(id) {
      names.delete(id);
      runtimes.delete(id);
      return Promise.resolve();
    },
    list: () => [...new Set([...names.keys(), ...runtimes])],
  };
}
