import { BerthError } from '@berth/errors';
import { familiarReference, formatReference, parseReference, repositoryOf, withDefaultTag } from '@berth/oci';
import { lowerDirsOf, type ImageRecord } from './image.ts';
import { lookUpImage } from './lookup.ts';
import type { ImageStore } from './ports.ts';

/** The use cases of images that are here. */
export interface Images {
  /** By reference, id, or unique prefix of one. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, REFERENCE_INVALID. */
  get(name: string): ImageRecord;
  /** Newest first. With a reference: images of that repository, or of exactly that name, with only the names that fit. */
  list(reference: string): ImageRecord[];
  /** Absolute paths of the directories of an image's layers, uppermost first. */
  layerDirs(imageId: string): string[];
  /** Gives a further name to an image. Throws as `get`. */
  tag(name: string, target: string): void;
}

export function createImages(store: ImageStore, layersDir: string): Images {
  return {
    get: (name) => lookUpImage(store, name),
    layerDirs: (imageId) => lowerDirsOf(store.layersOf(imageId)).map((name) => `${layersDir}/${name}`),

    list(reference) {
      const images = store.list();
      if (reference === '') return images;
      const wanted = parseReference(reference);
      const isWholeRepository = wanted.tag === null && wanted.digest === null;
      const fits = isWholeRepository
        ? (other: Parameters<typeof repositoryOf>[0]) => repositoryOf(other) === repositoryOf(wanted)
        : (other: Parameters<typeof repositoryOf>[0]) => formatReference(other) === formatReference(wanted);
      return images
        .map((image) => ({ ...image, references: image.references.filter(fits) }))
        .filter((image) => image.references.length > 0);
    },

    tag(name, target) {
      const reference = withDefaultTag(parseReference(target));
      if (reference.digest !== null) {
        throw new BerthError('REFERENCE_INVALID', 'refusing to create a tag with a digest reference');
      }
      const { id } = lookUpImage(store, name);
      store.addReference(id, reference, [{ verb: 'tag', objectId: id, name: familiarReference(reference) }]);
    },
  };
}
