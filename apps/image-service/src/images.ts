import { BerthError } from '@berth/errors';
import { familiarReference, parseReference, withDefaultTag } from '@berth/oci';
import { checkPlatform } from './check-platform.ts';
import { lowerDirsOf, type ImageRecord } from './image.ts';
import { lookUpImage } from './lookup.ts';
import { checkNewName } from './new-image.ts';
import type { ImageStore } from './ports.ts';

/** The use cases of images that are here. */
export interface Images {
  /**
   * By reference, id, or unique prefix of one; a platform is what the image must be for, empty: any. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS,
   * REFERENCE_INVALID, PLATFORM_NOT_FOUND, INVALID_ARGUMENT.
   */
  get(name: string, platform?: string): ImageRecord;
  /** Absolute paths of the directories of an image's layers, uppermost first. */
  layerDirs(imageId: string): string[];
  /** Gives a further name to an image. Throws as `get`. */
  tag(name: string, target: string): void;
}

export function createImages(store: ImageStore, layersDir: string): Images {
  return {
    get(name, platform = '') {
      const image = lookUpImage(store, name);
      checkPlatform(name, image, platform);
      return image;
    },
    layerDirs: (imageId) => lowerDirsOf(store.layersOf(imageId)).map((name) => `${layersDir}/${name}`),

    tag(name, target) {
      const reference = withDefaultTag(parseReference(target));
      if (reference.digest !== null) {
        throw new BerthError('REFERENCE_INVALID', 'refusing to create a tag with a digest reference');
      }
      checkNewName(reference);
      const { id } = lookUpImage(store, name);
      store.addReference(id, reference, [{ verb: 'tag', objectId: id, name: familiarReference(reference) }]);
    },
  };
}
