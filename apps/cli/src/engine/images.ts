import { ImageServiceDefinition } from '@berth/proto/image';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { createGrpcClient, type GrpcClient } from '@berth/client/grpc-client';

/** A client of image-service. */
export type Images = GrpcClient<ImageServiceDefinition>;

export function connectImages({ env }: CommandContext): Images {
  return createGrpcClient(ImageServiceDefinition, resolvePaths(env).socket('image-service'));
}
