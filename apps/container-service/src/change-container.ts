import { BerthError } from '@berth/errors';
import { checkRestartPolicy } from './spec/restart-policy.ts';
import type { RestartPolicy } from './container-config.ts';
import type { Container } from './container.ts';
import type { ContainerCreator } from './create-container.ts';
import { containerEvent } from './events.ts';
import { findContainer } from './find-container.ts';
import type { ContainerStore } from './ports.ts';
import type { Restarter } from './restart-containers.ts';
import { checkContainerName, stripSlash } from './spec/container-name.ts';

/** What changing needs. */
export interface ChangeDeps {
  readonly store: ContainerStore;
  readonly creator: Pick<ContainerCreator, 'expectFreeName'>;
  readonly restarter: Restarter;
}

/** What to change; absent: as it was. */
export interface ContainerUpdate {
  readonly restartPolicy?: RestartPolicy;
}

/** Changes what containers are. References are ids, names, or unique prefixes of ids. */
export interface ContainerChanger {
  /** Throws CONTAINER_NAME_INVALID, CONTAINER_NAME_IN_USE, INVALID_ARGUMENT. */
  rename(reference: string, name: string): void;
  /** Throws INVALID_ARGUMENT. */
  update(reference: string, update: ContainerUpdate): void;
}

/** Changes what containers are, whether they run or not. */
export function createContainerChanger({ store, creator, restarter }: ChangeDeps): ContainerChanger {
  function redefine(after: Container, verb: string, extra: Readonly<Record<string, string>> = {}): void {
    const { state: _, ...spec } = after;
    store.redefine(spec, [containerEvent(after, verb, extra)]);
  }

  return {
    rename(reference, wanted) {
      const name = stripSlash(wanted);
      if (name === '') throw new BerthError('INVALID_ARGUMENT', 'Neither old nor new names may be empty');
      const container = findContainer(store, reference);
      if (container.name === name) {
        throw new BerthError('INVALID_ARGUMENT', 'Renaming a container with the same name as its current name');
      }
      checkContainerName(name);
      creator.expectFreeName(name);
      redefine({ ...container, name }, 'rename', { oldName: `/${container.name}` });
    },
    update(reference, { restartPolicy }) {
      const container = findContainer(store, reference);
      if (restartPolicy === undefined) return;
      checkRestartPolicy(restartPolicy, container.config.autoRemove);
      redefine({ ...container, config: { ...container.config, restartPolicy } }, 'update');
      if (restartPolicy.name === 'no') restarter.cancel(findContainer(store, container.id));
    },
  };
}
