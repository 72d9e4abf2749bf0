import { isDeepStrictEqual } from 'node:util';
import { BerthError, isBerthError } from '@berth/errors';
import { createKeyedLock } from '@berth/service-kit';
import type { ActiveContainers } from './active-containers.ts';
import { checkRestartPolicy } from './spec/restart-policy.ts';
import type { RestartPolicy } from './container-config.ts';
import { isActive, type Container } from './container.ts';
import type { ContainerCreator } from './create-container.ts';
import { containerEvent } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { HostResources } from './plan/cgroup-layout.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { NO_LIMITS, type Resources } from './resources.ts';
import type { Restarter } from './restart-containers.ts';
import { checkResources } from './spec/resources.ts';
import { updateResources } from './spec/update-resources.ts';
import { checkContainerName, stripSlash } from './spec/container-name.ts';

/** What changing needs. */
export interface ChangeDeps {
  readonly store: ContainerStore;
  readonly creator: Pick<ContainerCreator, 'expectFreeName'>;
  readonly restarter: Restarter;
  readonly runtime: Pick<Runtime, 'updateLimits'>;
  readonly plans: Pick<PlanBuilder, 'cgroup'>;
  readonly files: Pick<ContainerFiles, 'paths'>;
  readonly actives: ActiveContainers;
  readonly names: Pick<ContainerNames, 'announce'>;
  readonly hostResources: () => HostResources;
  readonly fault: Fault;
}

/** What to change; absent: as it was. */
export interface ContainerUpdate {
  readonly restartPolicy?: RestartPolicy;
  /** Zero and empty: as it was. */
  readonly resources?: Resources;
}

/** Changes what containers are. References are ids, names, or unique prefixes of ids. */
export interface ContainerChanger {
  /** Throws CONTAINER_NAME_INVALID, CONTAINER_NAME_IN_USE, INVALID_ARGUMENT. */
  rename(reference: string, name: string): void;
  /** Returns what the user should know. Throws INVALID_ARGUMENT, and LIMIT_REFUSED when the kernel refuses one. */
  update(reference: string, update: ContainerUpdate): Promise<readonly string[]>;
  /** Finishes an update that a crash has interrupted, if there is one. Throws SERVICE_UNAVAILABLE. */
  finishUpdate(id: string): Promise<void>;
}

/** Changes what containers are, whether they run or not. */
export function createContainerChanger(deps: ChangeDeps): ContainerChanger {
  const { store, creator, restarter, runtime, plans, files, actives, fault } = deps;
  const updates = createKeyedLock();

  function redefine(after: Container, verb: string, extra: Readonly<Record<string, string>> = {}): void {
    const { state: _, ...spec } = after;
    store.redefine(spec, [containerEvent(after, verb, extra)]);
  }

  function note(id: string, pendingLimits: Resources | null): void {
    const { state: _, ...spec } = find(id);
    store.redefine({ ...spec, pendingLimits }, []);
  }

  /** What a crash may keep from being told or done is noted before: then the next start of the service finishes it. */
  async function limit(id: string, resources: Resources): Promise<void> {
    await actives.get(id)?.started.catch(() => {});
    const after = withLimits(find(id), resources);
    if (!isActive(after) || isDeepStrictEqual(resources, NO_LIMITS)) return;
    note(id, resources);
    fault('update:noted');
    try {
      await runtime.updateLimits(files.paths(id).stateDir, plans.cgroup(after));
    } catch (error) {
      // It may have ended meanwhile: then the limits are for its next start.
      if (!isActive(find(id))) return;
      note(id, null);
      throw error;
    }
  }

  async function apply(id: string, { restartPolicy, resources = NO_LIMITS }: ContainerUpdate): Promise<void> {
    await limit(id, resources);
    fault('update:limited');
    const limited = withLimits(find(id), resources);
    const config = restartPolicy === undefined ? limited.config : { ...limited.config, restartPolicy };
    redefine({ ...limited, config }, 'update');
    if (restartPolicy?.name === 'no') restarter.cancel(find(id));
  }

  async function finish(id: string): Promise<void> {
    const pendingLimits = store.get(id)?.pendingLimits ?? null;
    if (pendingLimits === null) return;
    try {
      await limit(id, pendingLimits);
    } catch (error) {
      if (isBerthError(error, 'LIMIT_REFUSED')) return;
      throw error;
    }
    redefine(withLimits(find(id), pendingLimits), 'update');
  }

  function expectUsableName(name: string): void {
    try {
      checkContainerName(name);
      creator.expectFreeName(name);
    } catch (error) {
      if (!isBerthError(error)) throw error;
      throw new BerthError(error.reason, `Error when allocating new name: ${error.message}`);
    }
  }

  function find(id: string): Container {
    return findContainer(store, id);
  }

  return {
    finishUpdate: (id) => updates.run(id, () => finish(id)),
    rename(reference, wanted) {
      const name = stripSlash(wanted);
      if (name === '') throw new BerthError('INVALID_ARGUMENT', 'Neither old nor new names may be empty');
      const container = findContainer(store, reference);
      if (container.name === name) {
        throw new BerthError('INVALID_ARGUMENT', 'Renaming a container with the same name as its current name');
      }
      expectUsableName(name);
      redefine({ ...container, name }, 'rename', { oldName: `/${container.name}` });
      if (isActive(container)) void deps.names.announce(find(container.id)).catch(() => {});
      fault('rename:row');
    },
    async update(reference, { restartPolicy, resources = NO_LIMITS }) {
      const checked = checkResources(resources, deps.hostResources(), { update: true });
      const container = findContainer(store, reference);
      try {
        if (restartPolicy !== undefined) checkRestartPolicy(restartPolicy, container.config.autoRemove);
        // One at a time, as each notes what it is about to do.
        const update = restartPolicy === undefined ? {} : { restartPolicy };
        await updates.run(container.id, () => apply(container.id, { ...update, resources: checked.resources }));
        return checked.warnings;
      } catch (error) {
        if (!isBerthError(error, 'INVALID_ARGUMENT', 'LIMIT_REFUSED')) throw error;
        throw new BerthError(error.reason, `Cannot update container ${container.id}: ${error.message}`);
      }
    },
  };
}

function withLimits(container: Container, update: Resources): Container {
  const resources = updateResources(container.config.resources, update);
  return { ...container, pendingLimits: null, config: { ...container.config, resources } };
}
