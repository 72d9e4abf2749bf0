import { ContainerServiceDefinition } from '@berth/proto/container';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { createGrpcClient, type GrpcClient } from '@berth/client/grpc-client';

/** A client of container-service. */
export type Containers = GrpcClient<ContainerServiceDefinition>;

export function connectContainers({ env }: CommandContext): Containers {
  return createGrpcClient(ContainerServiceDefinition, resolvePaths(env).socket('container-service'));
}
