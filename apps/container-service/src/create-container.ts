import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Container, newContainer, type ContainerSpec } from './container.ts';
import type { ContainerConfig } from './container-config.ts';
import type { EarlyStart } from './early-start.ts';
import { containerEvent } from './events.ts';
import { findContainer } from './find-container.ts';
import type { Fault } from './fault.ts';
import { joinedContainer } from './isolation.ts';
import { resolveJoins } from './join-namespaces.ts';
import type { Networks } from './network/networks.ts';
import { resolveNetworks } from './network/resolve-networks.ts';
import type { HostPaths } from './ports/files.ts';
import type { ImageClient, PreparedSnapshot } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { ContainerStore } from './ports/stores.ts';
import type { VolumeClient } from './ports/volumes.ts';
import { checkContainerName, generateContainerName, nameInUseError, stripSlash } from './spec/container-name.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { HostResources } from './plan/cgroup-layout.ts';
import { checkResources } from './spec/resources.ts';
import { resolveMounts } from './spec/mounts.ts';
import { startStopwatch } from './stopwatch.ts';
import type { IdPool } from './user-namespace/id-ranges.ts';
import { checkConfig, specifyContainer } from './spec/specify-container.ts';
import { createMountMaker } from './make-mounts.ts';

/** What a client asks for when it creates a container; an empty name gets a generated one. */
export interface CreateRequest {
  readonly name: string;
  readonly config: ContainerConfig;
}

/** What creating needs. */
export interface CreateDeps {
  readonly store: ContainerStore;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly hostPaths: HostPaths;
  readonly networks: Pick<Networks, 'find'>;
  readonly userIds: IdPool;
  readonly generateId: () => string;
  readonly nowNs: () => bigint;
  readonly hostHostname: string;
  readonly hostResources: () => HostResources;
  readonly plans: Pick<PlanBuilder, 'checkFilter'>;
  readonly fault: Fault;
  readonly log: Log;
}

/** How to create. */
export interface CreateOptions {
  /** Somebody is attached to it from the beginning, which is told with the creation. */
  readonly attach: boolean;
  /** Begins its start meanwhile, as it will be when its image is the one that it was last. */
  readonly begin: ((draft: Container, last: PreparedSnapshot) => EarlyStart | null) | null;
}

/** A new container, and its file system for whoever starts it at once. */
export interface CreatedContainer {
  readonly container: Container;
  readonly snapshot: PreparedSnapshot;
  /** What has begun of its start, which the caller finishes or cancels. */
  readonly early: EarlyStart | null;
  /** What the user should know of what cannot be as asked. */
  readonly warnings: readonly string[];
}

/** Creates containers. */
export interface ContainerCreator {
  /**
   * Throws what the name, the config, the image or a volume is refused for; nothing is left behind then.
   */
  create(request: CreateRequest, options?: CreateOptions): Promise<CreatedContainer>;
  /** Throws CONTAINER_NAME_IN_USE when a container has this name, or is being created with it. */
  expectFreeName(name: string): void;
  /** Tells whether a container of this id is being created: what it has is not an orphan's. */
  isCreating(id: string): boolean;
}

/** What a creation has made, to be undone when it fails. */
interface CreationProgress {
  prepared: boolean;
  firstUserId: number | null;
  early: EarlyStart | null;
}

/** What is known of a container before it has an image. */
interface Naming {
  readonly id: string;
  readonly name: string;
}

const NOT_STARTED: CreateOptions = { attach: false, begin: null };

/** The snapshot and the volumes come first and the row last, so that a row always stands for a container that can start. */
export function createContainerCreator(deps: CreateDeps): ContainerCreator {
  const { store, images, volumes, fault, log } = deps;
  const mounts = createMountMaker(deps);
  const creating = new Map<string, string>();

  function chooseName(wanted: string): string {
    const isBeingCreated = (name: string) => [...creating.values()].includes(name);
    if (wanted === '') return generateContainerName((name) => store.idOfName(name) !== null || isBeingCreated(name));
    checkContainerName(wanted);
    expectFreeName(wanted);
    return wanted;
  }

  function expectFreeName(wanted: string): void {
    const holder = store.idOfName(wanted) ?? [...creating].find(([, name]) => name === wanted)?.[0];
    if (holder !== undefined) throw nameInUseError(wanted, holder);
  }

  /** All that can be refused is refused before a volume is made: so without mounts. */
  function specifyFrom(snapshot: PreparedSnapshot, naming: Naming, config: ContainerConfig): ContainerSpec {
    const joined = joinedContainer(config.networkMode);
    return specifyContainer(config, {
      ...naming,
      image: snapshot.image,
      imageId: snapshot.imageId,
      rootfs: snapshot.rootfs,
      firstUserId: null,
      joinedHostname: joined === null ? null : findContainer(store, joined).hostname,
      hostHostname: deps.hostHostname,
      createTimeNs: deps.nowNs(),
      mounts: [],
    });
  }

  /** The container as it will be, when it is one whose start may begin. */
  async function beginEarly(
    naming: Naming,
    config: ContainerConfig,
    last: PreparedSnapshot | null,
    begin: CreateOptions['begin'],
  ): Promise<EarlyStart | null> {
    if (begin === null || last === null) return null;
    // The request for the snapshot is on its way first.
    await nextTurn();
    // In a burst the processors have enough to do, and every further process that waits costs two switches.
    if (creating.size > 1) return null;
    try {
      return begin(newContainer(specifyFrom(last, naming, config)), last);
    } catch {
      // What is wrong with it is told when its snapshot is there.
      return null;
    }
  }

  async function specify(
    naming: Naming,
    config: ContainerConfig,
    progress: CreationProgress,
    { begin }: CreateOptions,
  ): Promise<Pick<CreatedContainer, 'container' | 'snapshot'>> {
    const { id } = naming;
    const last = images.lastSnapshot(config.image);
    const preparing = images.prepareSnapshot(id, config.image);
    preparing.catch(() => {});
    progress.early = await beginEarly(naming, config, last, begin);
    const snapshot = await preparing;
    progress.prepared = true;
    fault('create:snapshot');
    if (progress.early !== null && last?.imageId !== snapshot.imageId) {
      await progress.early.cancel();
      progress.early = null;
    }
    if (config.userNamespaceMode === 'auto') progress.firstUserId = deps.userIds.take();
    const spec = { ...specifyFrom(snapshot, naming, config), firstUserId: progress.firstUserId };
    const points = await mounts.make(id, config, snapshot.image.volumes);
    return { container: newContainer({ ...spec, mounts: points }), snapshot };
  }

  async function undo(id: string): Promise<void> {
    try {
      await images.deleteSnapshot(id);
      await volumes.release(id, { deleteAnonymous: true });
    } catch (error) {
      log.warn({ containerId: id, err: error }, 'failed creation not cleaned up, the next start does it');
    }
  }

  return {
    expectFreeName,
    isCreating: (id) => creating.has(id),
    async create(asked, options = NOT_STARTED) {
      checkConfig(asked.config);
      deps.plans.checkFilter(asked.config.isolation);
      const request = { ...asked, config: resolveNetworks(deps.networks, resolveJoins(store, asked.config)) };
      const checked = checkResources(request.config.resources, deps.hostResources(), { update: false });
      resolveMounts(request.config.mounts, []);
      const id = deps.generateId();
      const name = chooseName(stripSlash(request.name));
      const progress: CreationProgress = { prepared: false, firstUserId: null, early: null };
      const stopwatch = startStopwatch(log, id);
      creating.set(id, name);
      try {
        const config = { ...request.config, resources: checked.resources };
        const created = await specify({ id, name }, config, progress, options);
        stopwatch('snapshot');
        const verbs = options.attach ? ['create', 'attach'] : ['create'];
        store.insert(
          created.container,
          verbs.map((verb) => containerEvent(created.container, verb)),
        );
        stopwatch('create-row');
        fault('create:row');
        return {
          ...created,
          early: progress.early,
          warnings: [...checked.warnings, ...configWarnings(request.config)],
        };
      } catch (error) {
        await progress.early?.cancel();
        if (progress.firstUserId !== null) deps.userIds.release(progress.firstUserId);
        if (progress.prepared) await undo(id);
        throw error;
      } finally {
        creating.delete(id);
      }
    },
  };
}

/** What a user should know of a config that is accepted. */
function configWarnings({ networkMode, portBindings }: ContainerConfig): string[] {
  const discarded = networkMode === 'host' && portBindings.length > 0;
  return discarded ? ['Published ports are discarded when using host network mode'] : [];
}
