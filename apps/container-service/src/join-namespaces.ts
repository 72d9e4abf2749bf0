import { BerthError } from '@berth/errors';
import type { Container } from './container.ts';
import type { ContainerConfig } from './container-config.ts';
import { findContainer } from './find-container.ts';
import { joinedContainer } from './isolation.ts';
import { CLONE, joinedNamespaces } from './plan/namespaces.ts';
import type { NamespaceJoin } from './plan/plan.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { ContainerStore } from './ports/stores.ts';

/** A config whose joined containers are named by their ids. Throws CONTAINER_NOT_FOUND, CONTAINER_AMBIGUOUS, INVALID_ARGUMENT. */
export function resolveJoins(store: ContainerStore, config: ContainerConfig): ContainerConfig {
  const { networkMode, isolation } = config;
  const { pidMode, ipcMode } = isolation;
  const resolve = <Mode extends string>(mode: Mode): Mode => {
    const reference = joinedContainer(mode);
    return reference === null ? mode : (`container:${findContainer(store, reference).id}` as Mode);
  };
  const resolved = { ...isolation, pidMode: resolve(pidMode), ipcMode: resolve(ipcMode) };
  return { ...config, networkMode: resolve(networkMode), isolation: resolved };
}

/** The namespaces that a container joins, of containers that run. Throws CONTAINER_NOT_RUNNING, CONTAINER_NOT_FOUND, INVALID_ARGUMENT. */
export function planJoins(
  { store, files }: { store: ContainerStore; files: ContainerFiles },
  { config }: Container,
): NamespaceJoin[] {
  return [...joinedNamespaces(config)].map(([id, flags]) => {
    const target = findContainer(store, id);
    checkTarget(target, flags);
    return { stateDir: files.paths(id).stateDir, flags };
  });
}

function checkTarget({ id, state, config }: Container, flags: bigint): void {
  if (state.status !== 'running') {
    const network = (flags & CLONE.NEWNET) !== 0n;
    const message = network
      ? `cannot join network of a non running container: ${id}`
      : `container ${id} is not running`;
    throw new BerthError('CONTAINER_NOT_RUNNING', message);
  }
  const { ipcMode } = config.isolation;
  if ((flags & CLONE.NEWIPC) === 0n || ipcMode === 'shareable' || joinedContainer(ipcMode) !== null) return;
  throw new BerthError(
    'INVALID_ARGUMENT',
    `container ${id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}
