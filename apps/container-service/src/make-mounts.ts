import { prepareBindSource } from './bind-sources.ts';
import { findContainer } from './find-container.ts';
import type { ContainerConfig } from './container-config.ts';
import type { MountConfig, MountPoint } from './mount.ts';
import type { HostPaths } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { ContainerStore } from './ports/stores.ts';
import type { VolumeClient } from './ports/volumes.ts';
import { resolveMounts } from './spec/mounts.ts';
import { parseVolumesFrom } from './spec/volumes-from.ts';

/** What making mounts needs. */
export interface MountMakerDeps {
  readonly store: ContainerStore;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly hostPaths: HostPaths;
}

/** Makes what a container mounts. */
export interface MountMaker {
  /**
   * Volumes, snapshots of images and host directories of a container, made when they are missing. Resolves, or throws what the first was
   * refused for, once none is being made any more. Throws INVALID_ARGUMENT, CONTAINER_NOT_FOUND, IMAGE_NOT_FOUND, VOLUME_NAME_INVALID.
   */
  make(containerId: string, config: ContainerConfig, imageVolumes: readonly string[]): Promise<MountPoint[]>;
}

/** A container's snapshot of an image that it mounts, by the mount's place; its own has the id alone as its key. */
function imageMountKey(containerId: string, index: number): string {
  return `${containerId}.${index}`;
}

/** The container that a snapshot's key names. */
export function snapshotOwner(key: string): string {
  return key.split('.', 1)[0] ?? key;
}

export function createMountMaker({ store, images, volumes, hostPaths }: MountMakerDeps): MountMaker {
  async function makeVolume(mount: MountConfig, containerId: string, volumeDriver: string): Promise<MountPoint> {
    const { volume: asked, ...rest } = mount;
    const driver = asked?.driver || (mount.mode === undefined ? '' : volumeDriver);
    const settings = { driver, options: asked?.options ?? {}, labels: asked?.labels ?? {} };
    const made = await volumes.acquire(mount.source, containerId, settings);
    const anonymous = mount.source === '';
    const point = { ...rest, name: made.name, source: made.mountpoint, driver: made.driver, anonymous };
    return made.mount === null ? point : { ...point, mount: made.mount };
  }

  async function makeImage(mount: MountConfig, key: string): Promise<MountPoint> {
    const { rootfs, imageId } = await images.prepareSnapshot(key, mount.source);
    return { ...mount, name: imageId, readonly: true, rootfs };
  }

  /** Those of other containers, as they are there; the last of several with one target counts. */
  function inherit(config: ContainerConfig): MountPoint[] {
    const points = new Map<string, MountPoint>();
    for (const { container, readonly } of config.volumesFrom.map(parseVolumesFrom)) {
      for (const point of findContainer(store, container).mounts) {
        points.set(point.target, { ...point, readonly: point.readonly || readonly, noCopy: true });
      }
    }
    return [...points.values()];
  }

  async function share(point: MountPoint, containerId: string, index: number): Promise<MountPoint> {
    if (point.type === 'image') return makeImage({ ...point, source: point.name }, imageMountKey(containerId, index));
    if (point.type === 'volume') await volumes.acquire(point.name, containerId, NO_SETTINGS);
    return point;
  }

  return {
    async make(containerId, config, imageVolumes) {
      const inherited = inherit(config);
      const mounts = resolveMounts(
        config.mounts,
        imageVolumes,
        inherited.map(({ target }) => target),
      );
      const targets = new Set(mounts.map(({ target }) => target));
      const makeOne = (mount: MountConfig, index: number): Promise<MountPoint> => {
        if (mount.type === 'volume') return makeVolume(mount, containerId, config.volumeDriver);
        if (mount.type === 'image') return makeImage(mount, imageMountKey(containerId, index));
        prepareBindSource(hostPaths, mount);
        return Promise.resolve({ ...mount, name: '' });
      };
      // All have ended before one that failed is undone: none may come after that.
      const results = await Promise.allSettled([
        ...mounts.map(async (mount, index) => await makeOne(mount, index)),
        ...inherited
          .filter(({ target }) => !targets.has(target))
          .map(async (point, index) => await share(point, containerId, mounts.length + index)),
      ]);
      return results.map((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
    },
  };
}

const NO_SETTINGS = { driver: '', options: {}, labels: {} };
