import { parseImageConfig, type Reference } from '@berth/oci';
import { checkPlatform } from './check-platform.ts';
import { lookUpImage } from './lookup.ts';
import type { ImageRecord } from './image.ts';
import type { ImageStore } from './ports.ts';

/** One step of the making of an image. */
export interface HistoryStep {
  /** The image as it was after this step; null when it is not here. */
  readonly imageId: string | null;
  /** Its names with a tag. */
  readonly tags: readonly Reference[];
  /** Unix time in milliseconds; null when the image does not say. */
  readonly createTimeMs: number | null;
  readonly createdBy: string;
  /** Of the layer that the step made; 0 for none. */
  readonly sizeBytes: number;
  readonly comment: string;
}

/** How an image was made, newest step first. A platform is what the image must be for; empty: any. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, REFERENCE_INVALID, PLATFORM_NOT_FOUND, INVALID_ARGUMENT. */
export type ImageHistory = (name: string, platform: string) => HistoryStep[];

export function createImageHistory(
  store: Pick<ImageStore, 'get' | 'findByReference' | 'findByPrefix' | 'layersOf'>,
): ImageHistory {
  return function imageHistory(name, platform) {
    const image = lookUpImage(store, name);
    checkPlatform(name, image, platform);
    const layers = store.layersOf(image.id)[Symbol.iterator]();
    const steps = parseImageConfig(image.config).history.map(({ created, createdBy, comment, emptyLayer }) => ({
      createTimeMs: parseTime(created),
      createdBy,
      sizeBytes: emptyLayer ? 0 : (layers.next().value?.sizeBytes ?? 0),
      comment,
    }));
    const lineage = lineageOf(store, image);
    return steps.reverse().map((step, index) => {
      const known = lineage[index];
      const tags = known?.references.filter(({ tag }) => tag !== null) ?? [];
      return { ...step, imageId: known?.id ?? null, tags };
    });
  };
}

/** The image, and what it was committed on, as far as that is here. Each commit is one step. */
function lineageOf(store: Pick<ImageStore, 'get'>, image: ImageRecord): ImageRecord[] {
  const lineage: ImageRecord[] = [];
  for (
    let next: ImageRecord | null = image;
    next !== null;
    next = next.parentId === null ? null : store.get(next.parentId)
  ) {
    lineage.push(next);
  }
  return lineage;
}

function parseTime(text: string | null): number | null {
  const time = text === null ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
