import { BerthError, isBerthError } from '@berth/errors';
import type { ActiveContainers } from './active-containers.ts';
import { isActive, type Container } from './container.ts';
import { containerEvent } from './events.ts';
import type { FileVisit, FileVisits } from './file-visits.ts';
import { findContainer } from './find-container.ts';
import type { VolumeMounts } from './volume-mounts.ts';
import { planUserMounts } from './plan/mounts.ts';
import type { ContainerFiles, FileTool, PathStat } from './ports/files.ts';
import type { ContainerProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';

export interface ContainerFileDeps {
  readonly store: ContainerStore;
  readonly actives: ActiveContainers;
  readonly runtime: Pick<Runtime, 'processOf' | 'mount'>;
  readonly files: Pick<ContainerFiles, 'paths'>;
  readonly fileTool: FileTool;
  readonly visits: FileVisits;
  readonly volumeMounts: Pick<VolumeMounts, 'resolve' | 'peersOf'>;
}

/** A path of a container. */
export interface ContainerPath {
  /** Id, name, or unique prefix of an id. */
  readonly container: string;
  readonly path: string;
}

/** How a tar is unpacked. */
export interface CopyToRequest extends ContainerPath {
  /** Refuses to put a directory in the place of something else, and the other way round. */
  readonly noOverwriteDirectory: boolean;
  /** Keeps the owners that the tar names; else the container's user owns what is made. */
  readonly keepOwner: boolean;
}

/**
 * Reads and writes the files of containers, as their processes see them; of one that does not run with its volumes mounted for the time. All
 * throw as findContainer, PATH_NOT_FOUND, CANCELLED, SERVICE_UNAVAILABLE.
 */
export interface ContainerFileAccess {
  stat(place: ContainerPath, options: { follow: boolean; signal: AbortSignal }): Promise<PathStat>;
  /** What lies there, then its tar. */
  copyFrom(
    place: ContainerPath,
    options: { follow: boolean; signal: AbortSignal },
  ): AsyncGenerator<PathStat | Uint8Array>;
  /** Throws PATH_CONFLICT, PATH_READ_ONLY, LAYER_INVALID, LAYER_LIMIT, DISK_FULL too. */
  copyTo(request: CopyToRequest, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** The root file system without what is mounted on it, as a tar. */
  exportAll(container: string, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** A process that has the container's file system as its root, as long as the visit lasts. */
interface Visit extends FileVisit {
  readonly container: Container;
  readonly process: ContainerProcess;
}

/** A container that runs may be visited for ever. */
const OF_RUNNING: FileVisit = {
  signal: new AbortController().signal,
  setAwaiting: () => {},
  [Symbol.dispose]: () => {},
};

export function createContainerFileAccess(deps: ContainerFileDeps): ContainerFileAccess {
  const { store, actives, runtime, files, fileTool, visits } = deps;

  async function open(reference: string): Promise<Visit> {
    for (;;) {
      const container = findContainer(store, reference);
      const active = actives.get(container.id);
      if (active === null && !isActive(container)) return openStopped(container);
      if (!isActive(container)) {
        await active?.released;
        continue;
      }
      await active?.started.catch(() => {});
      const process = runtime.processOf(files.paths(container.id).stateDir);
      if (process !== null) return { ...OF_RUNNING, container, process };
      if (isActive(findContainer(store, container.id))) {
        throw new BerthError('CONTAINER_NOT_RUNNING', `container ${container.id} has just ended`);
      }
    }
  }

  async function openStopped(container: Container): Promise<Visit> {
    const visit = visits.begin(container.id);
    try {
      const { mounts } = await deps.volumeMounts.resolve(container);
      const peers = deps.volumeMounts.peersOf(container);
      const mounted = await runtime.mount({ rootfs: container.rootfs, mounts: planUserMounts(mounts, peers) });
      const leave = (): void => {
        mounted[Symbol.dispose]();
        visit[Symbol.dispose]();
      };
      visit.signal.addEventListener('abort', leave, { once: true });
      return { ...visit, container, process: { pid: mounted.pid, startTicks: null }, [Symbol.dispose]: leave };
    } catch (error) {
      visit[Symbol.dispose]();
      throw error;
    }
  }

  async function* archive(
    visit: Visit,
    path: string,
    options: Parameters<FileTool['archive']>[2],
  ): AsyncGenerator<PathStat | Uint8Array> {
    const signal = AbortSignal.any([options.signal, visit.signal]);
    try {
      for await (const part of fileTool.archive(visit.process, path, { ...options, signal })) {
        visit.setAwaiting(true);
        yield part;
        visit.setAwaiting(false);
      }
    } catch (error) {
      throw visit.signal.aborted ? sentAwayError(visit) : error;
    }
  }

  return {
    async stat(place, options) {
      using visit = await open(place.container);
      return await fileTool.stat(visit.process, place.path, options).catch((error: unknown) => rethrow(error, place));
    },

    async *copyFrom(place, options) {
      using visit = await open(place.container);
      store.tell([containerEvent(visit.container, 'archive-path')]);
      try {
        yield* archive(visit, place.path, { ...options, whole: false });
      } catch (error) {
        rethrow(error, place);
      }
    },

    async copyTo(request, data, signal) {
      const { path, keepOwner, noOverwriteDirectory } = request;
      using visit = await open(request.container);
      const { userId, groupId } = visit.container.state.identity ?? { userId: 0, groupId: 0 };
      const owner = keepOwner ? null : { uid: userId, gid: groupId };
      const either = AbortSignal.any([signal, visit.signal]);
      const options = { keepPlace: noOverwriteDirectory, owner, data: watched(visit, data), signal: either };
      await fileTool.extract(visit.process, path, options).catch((error: unknown) => {
        if (visit.signal.aborted) throw sentAwayError(visit);
        rethrow(error, request);
      });
      store.tell([containerEvent(visit.container, 'extract-to-dir')]);
    },

    async *exportAll(reference, signal) {
      using visit = await open(reference);
      for await (const part of archive(visit, '/', { follow: true, whole: true, signal })) {
        if (part instanceof Uint8Array) yield part;
      }
      store.tell([containerEvent(visit.container, 'export')]);
    },
  };
}

/** What the client sends, which is waited for. */
async function* watched(visit: Visit, data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  visit.setAwaiting(true);
  for await (const chunk of data) {
    visit.setAwaiting(false);
    yield chunk;
    visit.setAwaiting(true);
  }
  visit.setAwaiting(false);
}

function sentAwayError({ container }: Visit): BerthError {
  return new BerthError('CANCELLED', `the copy stood still, and container ${container.id} was to be started`);
}

/** In Docker's words. */
function rethrow(error: unknown, { container, path }: ContainerPath): never {
  if (!isBerthError(error, 'PATH_NOT_FOUND')) throw error;
  throw new BerthError('PATH_NOT_FOUND', `Could not find the file ${path} in container ${container}`);
}
