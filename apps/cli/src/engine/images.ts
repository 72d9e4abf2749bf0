import { ImageServiceDefinition } from '@berth/proto/image';
import { resolvePaths } from '@berth/client/engine-paths';
import type { CommandContext } from '../context.ts';
import { connectService, type ServiceConnection } from '@berth/client/connect-service';

/** A client of image-service. */
export type Images = ServiceConnection<ImageServiceDefinition>;

export function connectImages({ env }: CommandContext): Images {
  return connectService(ImageServiceDefinition, resolvePaths(env).socket('image-service'));
}
