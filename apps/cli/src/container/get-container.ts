import { BerthError } from '@berth/errors';
import type { Container } from '@berth/proto/container';
import type { Containers } from '../engine/containers.ts';

/** Gets a container by id, name, or unique id prefix. */
export async function getContainer({ calls }: Containers, name: string): Promise<Container> {
  const { container } = await calls.getContainer({ container: name });
  if (!container) throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${name}`);
  return container;
}
