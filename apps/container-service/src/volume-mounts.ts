import { BerthError } from '@berth/errors';
import { isActive, type Container } from './container.ts';
import type { MountPoint } from './mount.ts';
import type { VolumePeers } from './plan/mounts.ts';
import { hostToResolve, isInMemory } from './plan/volume-mount.ts';
import type { ContainerFiles, HostPaths } from './ports/files.ts';
import type { ContainerStore } from './ports/stores.ts';

/** What mounting volumes needs. */
export interface VolumeMountDeps {
  readonly store: Pick<ContainerStore, 'list'>;
  readonly files: Pick<ContainerFiles, 'paths'>;
  readonly hostPaths: Pick<HostPaths, 'addressOf'>;
}

/** Gets the volumes of containers ready to be mounted. */
export interface VolumeMounts {
  /** The container, with the hosts of its network file systems by address. Throws INVALID_ARGUMENT. */
  resolve(container: Container): Promise<Container>;
  /** The containers that have a container's volumes which are in memory. Throws INVALID_ARGUMENT when they cannot share them. */
  peersOf(container: Container): VolumePeers;
  /**
   * Runs while no other container that has the same volumes in memory is started: of two that begin at once, the second must find the
   * first. One without such volumes waits for nobody.
   */
  inTurn<Result>(container: Container, run: () => Promise<Result>): Promise<Result>;
}

export function createVolumeMounts({ store, files, hostPaths }: VolumeMountDeps): VolumeMounts {
  /** What was last begun with each volume. */
  const turns = new Map<string, Promise<unknown>>();

  async function resolveMount(point: MountPoint): Promise<MountPoint> {
    const hostName = point.mount === undefined ? null : hostToResolve(point.mount);
    if (point.mount === undefined || hostName === null) return point;
    const address = await hostPaths.addressOf(hostName);
    const options = point.mount.options.map((option) => (option === `addr=${hostName}` ? `addr=${address}` : option));
    return { ...point, mount: { ...point.mount, options } };
  }

  function findPeer({ id, firstUserId }: Container, name: string): [string, { stateDir: string; path: string }][] {
    for (const other of store.list()) {
      const point = other.id !== id && isActive(other) ? other.mounts.find((mount) => isOf(mount, name)) : undefined;
      if (point === undefined) continue;
      if (firstUserId !== null || other.firstUserId !== null) {
        const problem = 'a volume in memory cannot be shared by containers with user namespaces of their own';
        throw new BerthError('INVALID_ARGUMENT', `${name}: ${problem}`);
      }
      return [[name, { stateDir: files.paths(other.id).stateDir, path: point.target }]];
    }
    return [];
  }

  return {
    async resolve(container) {
      if (container.mounts.every(({ mount }) => mount === undefined)) return container;
      return { ...container, mounts: await Promise.all(container.mounts.map(resolveMount)) };
    },
    peersOf: (container) => new Map(memoryVolumes(container).flatMap((name) => findPeer(container, name))),
    async inTurn(container, run) {
      const names = memoryVolumes(container);
      if (names.length === 0) return await run();
      const before = Promise.allSettled(names.map((name) => turns.get(name) ?? Promise.resolve()));
      const own = before.then(run);
      for (const name of names) turns.set(name, own);
      try {
        return await own;
      } finally {
        for (const name of names) if (turns.get(name) === own) turns.delete(name);
      }
    },
  };
}

function isOf({ type, name, subpath = '' }: MountPoint, volume: string): boolean {
  return type === 'volume' && name === volume && subpath === '';
}

function memoryVolumes({ mounts }: Container): string[] {
  return [...new Set(mounts.filter(isInMemory).map(({ name }) => name))];
}
