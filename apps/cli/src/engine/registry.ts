import { RegistryServiceDefinition } from '@berth/proto/registry';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { connectService, type ServiceConnection } from '@berth/client/connect-service';

/** A client of registry-gateway. */
export type Registry = ServiceConnection<RegistryServiceDefinition>;

export function connectRegistry({ env }: CommandContext): Registry {
  return connectService(RegistryServiceDefinition, resolvePaths(env).socket('registry-gateway'));
}
