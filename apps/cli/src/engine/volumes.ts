import { VolumeServiceDefinition } from '@berth/proto/volume';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { createGrpcClient, type GrpcClient } from '@berth/client/grpc-client';

/** A client of volume-service. */
export type Volumes = GrpcClient<VolumeServiceDefinition>;

export function connectVolumes({ env }: CommandContext): Volumes {
  return createGrpcClient(VolumeServiceDefinition, resolvePaths(env).socket('volume-service'));
}
