import { isUp, type Container } from './container.ts';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerFiles, ContainerPaths, ContainerStore, ExecStore } from './ports.ts';

/** What showing needs. */
export interface ShowDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly files: ContainerFiles;
  readonly plans: PlanBuilder;
}

/** A container, with what is told of it and is not its own. */
export interface ContainerView {
  readonly container: Container;
  readonly paths: ContainerPaths;
  /** The execs that run in it. */
  readonly execIds: readonly string[];
  /** Empty in lists, as are readonlyPaths. */
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

/** Which containers to list. */
export interface ListQuery {
  /** Also those that do not run. */
  readonly all: boolean;
}

/** Containers, for whoever wants to see them. */
export interface ContainerViews {
  /** A container by id, name or unique prefix of its id. Throws as findContainer. */
  get(reference: string): ContainerView;
  /** Containers, newest first. */
  list(query: ListQuery): ContainerView[];
}

/** Views of all containers. */
export function createContainerViews({ store, execs, files, plans }: ShowDeps): ContainerViews {
  function execIdsByContainer(): ReadonlyMap<string, readonly string[]> {
    const ids = new Map<string, string[]>();
    for (const { id, containerId } of execs.list()) ids.set(containerId, [...(ids.get(containerId) ?? []), id]);
    return ids;
  }

  function view(container: Container, execIds: ReadonlyMap<string, readonly string[]>): ContainerView {
    const { id } = container;
    return { container, paths: files.paths(id), execIds: execIds.get(id) ?? [], maskedPaths: [], readonlyPaths: [] };
  }

  return {
    get(reference) {
      const container = findContainer(store, reference);
      return { ...view(container, execIdsByContainer()), ...plans.protectedPaths() };
    },
    list({ all }) {
      const execIds = execIdsByContainer();
      const shown = store.list().filter((container) => all || isUp(container));
      return shown.map((container) => view(container, execIds));
    },
  };
}
