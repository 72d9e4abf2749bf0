import { ContainerServiceDefinition } from '@berth/proto/container';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { connectService, type ServiceConnection } from '@berth/client/connect-service';

/** A client of container-service. */
export type Containers = ServiceConnection<ContainerServiceDefinition>;

export function connectContainers({ env }: CommandContext): Containers {
  return connectService(ContainerServiceDefinition, resolvePaths(env).socket('container-service'));
}
