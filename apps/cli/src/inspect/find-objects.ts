import { BerthError } from '@berth/errors';
import { containerJson } from '../container/inspect/container-json.ts';
import { getContainer } from '../container/get-container.ts';
import type { Containers } from '../engine/containers.ts';
import type { Images } from '../engine/images.ts';
import type { Volumes } from '../engine/volumes.ts';
import { imageJson } from '../image/inspect-image.ts';
import { networkJson } from '../network/inspect-network.ts';
import { volumeJson } from '../volume/inspect-volume.ts';
import type { FindObject } from './run-inspect.ts';

export function findContainer(containers: Containers, size: boolean): FindObject {
  return async (name) => containerJson(await getContainer(containers, name, { size }));
}

export function findImage({ client }: Images, platform = ''): FindObject {
  return async (name) => {
    const { image, layerDirs } = await client.getImage({ name, platform });
    if (!image) throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${name}`);
    return imageJson(image, layerDirs);
  };
}

export function findVolume({ client }: Volumes): FindObject {
  return async (name) => {
    const { volume } = await client.getVolume({ name });
    if (!volume) throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
    return volumeJson(volume);
  };
}

export function findNetwork({ client }: Containers): FindObject {
  return async (name) => {
    const { network } = await client.getNetwork({ network: name });
    if (!network) throw new BerthError('NETWORK_NOT_FOUND', `network ${name} not found`);
    return networkJson(network);
  };
}
