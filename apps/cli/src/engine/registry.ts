import { RegistryServiceDefinition } from '@berth/proto/registry';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { createGrpcClient, type GrpcClient } from '@berth/client/grpc-client';

/** A client of registry-gateway. */
export type Registry = GrpcClient<RegistryServiceDefinition>;

export function connectRegistry({ env }: CommandContext): Registry {
  return createGrpcClient(RegistryServiceDefinition, resolvePaths(env).socket('registry-gateway'));
}
