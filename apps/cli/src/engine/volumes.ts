import { VolumeServiceDefinition } from '@berth/proto/volume';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { connectService, type ServiceConnection } from '@berth/client/connect-service';

/** A client of volume-service. */
export type Volumes = ServiceConnection<VolumeServiceDefinition>;

export function connectVolumes({ env }: CommandContext): Volumes {
  return connectService(VolumeServiceDefinition, resolvePaths(env).socket('volume-service'));
}
