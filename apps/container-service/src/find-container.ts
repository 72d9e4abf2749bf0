import { BerthError } from '@berth/errors';
import type { Container } from './container.ts';
import type { ContainerStore } from './ports/stores.ts';
import { stripSlash } from './spec/container-name.ts';

/**
 * Finds a container by id, name, or unique prefix of its id, in this order. Throws CONTAINER_NOT_FOUND and CONTAINER_AMBIGUOUS, in
 * Docker's words.
 */
export function findContainer(store: ContainerStore, reference: string): Container {
  const container = store.get(reference) ?? byName(store, stripSlash(reference)) ?? byPrefix(store, reference);
  if (container !== null) return container;
  throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${reference}`);
}

function byName(store: ContainerStore, name: string): Container | null {
  const id = store.idOfName(name);
  return id === null ? null : store.get(id);
}

function byPrefix(store: ContainerStore, prefix: string): Container | null {
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return null;
  const [id, another] = store.idsWithPrefix(prefix);
  if (another !== undefined) {
    throw new BerthError('CONTAINER_AMBIGUOUS', `multiple IDs found with provided prefix: ${prefix}`);
  }
  return id === undefined ? null : store.get(id);
}
