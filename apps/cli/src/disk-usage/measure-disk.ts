import type { Container } from '@berth/proto/container';
import type { MeasureImagesResponse } from '@berth/proto/image';
import type { Volume } from '@berth/proto/volume';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';
import { connectVolumes } from '../engine/volumes.ts';

/** What the engine holds on the disk. */
export interface DiskUsage {
  readonly images: MeasureImagesResponse;
  /** With their sizes. */
  readonly containers: readonly Container[];
  readonly volumes: readonly MeasuredVolume[];
}

export interface MeasuredVolume {
  readonly volume: Volume;
  readonly sizeBytes: bigint;
}

/** Asks each service for what it owns, all at a time. */
export async function measureDisk(context: CommandContext): Promise<DiskUsage> {
  const { signal } = context;
  using images = connectImages(context);
  using containers = connectContainers(context);
  const [measured, listed, volumes] = await Promise.all([
    images.client.measureImages({}, { signal }),
    containers.client.listContainers({ all: true, size: true }, { signal }),
    measureVolumes(context, () => true),
  ]);
  return { images: measured, containers: listed.containers, volumes };
}

/** The volumes that are wanted, with their sizes. */
export async function measureVolumes(
  context: CommandContext,
  isWanted: (volume: Volume) => boolean,
): Promise<MeasuredVolume[]> {
  const { signal } = context;
  using client = connectVolumes(context);
  const volumes = (await client.client.listVolumes({}, { signal })).volumes.filter(isWanted);
  if (volumes.length === 0) return [];
  const { usages } = await client.client.measureVolumes({ names: volumes.map(({ name }) => name) }, { signal });
  const sizes = new Map(usages.map(({ name, sizeBytes }) => [name, sizeBytes]));
  return volumes.map((volume) => ({ volume, sizeBytes: sizes.get(volume.name) ?? 0n }));
}
