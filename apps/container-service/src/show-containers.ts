import { isUp, type Container } from './container.ts';
import { parseListFilters, type FilterLookups } from './spec/list-filters.ts';
import type { Filter } from './spec/prune-filters.ts';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerFiles, ContainerPaths } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { ContainerStore, ExecStore } from './ports/stores.ts';

/** What showing needs. */
export interface ShowDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly files: ContainerFiles;
  readonly images: ImageClient;
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
  /** Null when nobody asked. */
  readonly sizes: ContainerSizes | null;
}

/** Which containers to list. */
export interface ListQuery {
  /** Also those that do not run. */
  readonly all: boolean;
  readonly filters: readonly Filter[];
  /** At most so many of the newest, also of those that do not run; 0: no limit. */
  readonly limit: number;
  /** Measures their sizes. */
  readonly size: boolean;
}

/** What the files of a container take, in bytes. */
export interface ContainerSizes {
  readonly writable: number;
  /** The image's, and what the container has written. */
  readonly root: number;
}

/** Containers, for whoever wants to see them. */
export interface ContainerViews {
  /** A container by id, name or unique prefix of its id. Throws as findContainer. */
  get(reference: string, options: { size: boolean }): Promise<ContainerView>;
  /** Containers, newest first. Throws INVALID_ARGUMENT for a filter. */
  list(query: ListQuery): Promise<ContainerView[]>;
}

/** Views of all containers. */
export function createContainerViews({ store, execs, images, files, plans }: ShowDeps): ContainerViews {
  function execIdsByContainer(): ReadonlyMap<string, readonly string[]> {
    const ids = new Map<string, string[]>();
    for (const { id, containerId } of execs.list()) ids.set(containerId, [...(ids.get(containerId) ?? []), id]);
    return ids;
  }

  function view(container: Container, execIds: ReadonlyMap<string, readonly string[]>): ContainerView {
    const { id } = container;
    return {
      container,
      paths: files.paths(id),
      execIds: execIds.get(id) ?? [],
      maskedPaths: [],
      readonlyPaths: [],
      sizes: null,
    };
  }

  async function withSizes(views: readonly ContainerView[]): Promise<ContainerView[]> {
    const written = await images.measureSnapshots(views.map(({ container }) => container.id));
    const imageIds = [...new Set(views.map(({ container }) => container.imageId))];
    const found = await Promise.all(imageIds.map((imageId) => images.findImage(imageId)));
    const imageSizes = new Map(found.map((image) => [image?.id, image?.sizeBytes]));
    return views.map((each) => {
      const writable = written.get(each.container.id) ?? 0;
      return { ...each, sizes: { writable, root: writable + (imageSizes.get(each.container.imageId) ?? 0) } };
    });
  }

  const lookups: FilterLookups = {
    container: (reference) => findContainer(store, reference),
    imageId: async (name) => (await images.findImage(name))?.id ?? null,
  };

  return {
    async get(reference, { size }) {
      const container = findContainer(store, reference);
      const shown = { ...view(container, execIdsByContainer()), ...plans.protectedPaths(container.config) };
      return size ? ((await withSizes([shown]))[0] ?? shown) : shown;
    },
    async list({ all, filters, limit, size }) {
      const filter = await parseListFilters(filters, lookups);
      const everything = all || limit > 0 || filter.impliesAll;
      const found = store.list().filter((container) => (everything || isUp(container)) && filter.matches(container));
      const execIds = execIdsByContainer();
      const views = (limit > 0 ? found.slice(0, limit) : found).map((container) => view(container, execIds));
      return size ? withSizes(views) : views;
    },
  };
}
