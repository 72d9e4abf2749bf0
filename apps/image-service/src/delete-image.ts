import { BerthError } from '@berth/errors';
import { formatReference, parseReference, repositoryOf, withDefaultTag, type Reference } from '@berth/oci';
import { checkPlatform } from './check-platform.ts';
import { snapshotOwner, type ImageRecord } from './image.ts';
import { isIdOrPrefix, lookUpImage } from './lookup.ts';
import type { ImageStore } from './ports.ts';
import { imageEvent, type RemovedImages, type RemoveImage } from './remove-image.ts';

export interface DeleteRequest {
  /** A reference, an image id, or a unique prefix of one. */
  readonly name: string;
  readonly force: boolean;
  readonly runningContainerIds: readonly string[];
  /** Leaves nameless images that it was committed on. */
  readonly noPrune: boolean;
  /** All of which the image must be for, `os/arch[/variant]`; none: any. */
  readonly platforms: readonly string[];
}

/** What was removed, in order. */
export type DeleteResult = Pick<RemovedImages, 'untagged' | 'deleted'>;

/**
 * Removes a name, and with its last name the image, by the rules of `docker rmi`
 * (https://github.com/moby/moby/blob/v28.5.2/daemon/images/image_delete.go). Throws IMAGE_NOT_FOUND, IMAGE_IN_USE, PLATFORM_NOT_FOUND.
 */
export type DeleteImage = (request: DeleteRequest) => DeleteResult;

export interface DeleteDeps {
  readonly store: Pick<ImageStore, 'get' | 'findByReference' | 'findByPrefix' | 'removeReferences'>;
  readonly removeImage: RemoveImage;
}

type Conflict = { readonly isHard: boolean; readonly message: string };

export function createDeleteImage({ store, removeImage }: DeleteDeps): DeleteImage {
  function untag(image: ImageRecord, references: readonly Reference[]): void {
    store.removeReferences(
      references,
      references.map(() => imageEvent('untag', image)),
    );
  }

  function removeWhole(image: ImageRecord, untagged: Reference[], { noPrune }: DeleteRequest): DeleteResult {
    const removed = removeImage(image, { withParents: !noPrune });
    return { untagged: [...untagged, ...removed.untagged], deleted: removed.deleted };
  }

  function deleteByReference(image: ImageRecord, request: DeleteRequest): DeleteResult {
    const named = withDefaultTag(parseReference(request.name));
    const reference = named.digest === null ? named : { ...named, tag: null };
    const [user] = image.snapshotKeys;
    if (!request.force && isSingleName(image.references) && user !== undefined) {
      throw new BerthError(
        'IMAGE_IN_USE',
        `conflict: unable to remove repository reference "${request.name}" (must force) - container ${shortId(user)} ` +
          `is using its referenced image ${shortId(image.id)}`,
      );
    }
    const untagged = namesThatGo(image.references, reference);
    const remaining = image.references.filter((other) => !untagged.includes(other));
    untag(image, untagged);
    if (remaining.length > 0) return { untagged, deleted: [] };
    const nameless = { ...image, references: [] };
    // The name is gone, which is what was asked for: an image in use stays without a name, silently.
    if (findConflict(nameless, request) !== null) return { untagged, deleted: [] };
    return removeWhole(nameless, untagged, request);
  }

  function deleteById(image: ImageRecord, request: DeleteRequest): DeleteResult {
    const isSingle = isSingleName(image.references);
    const conflict = findConflict(isSingle ? { ...image, references: [] } : image, request);
    if (conflict !== null) throw inUse(image, conflict);
    return removeWhole(image, [], request);
  }

  return function deleteImage(request) {
    const image = lookUpImage(store, request.name);
    for (const platform of request.platforms) checkPlatform(request.name, image, platform);
    const byId = isIdOrPrefix(request.name, image.id) && !hasName(image, request.name);
    return byId ? deleteById(image, request) : deleteByReference(image, request);
  };
}

/** A name may be made of hexadecimal digits, too, and then it is the name that is meant. */
function hasName(image: ImageRecord, name: string): boolean {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(name)) return false;
  const wanted = formatReference(withDefaultTag(parseReference(name)));
  return image.references.some((reference) => formatReference(reference) === wanted);
}

/** The name itself, and when no other tag of its repository is left, the names by digest there. */
function namesThatGo(references: readonly Reference[], reference: Reference): Reference[] {
  const isSame = (other: Reference) => formatReference(other) === formatReference(reference);
  const inRepository = references.filter((other) => repositoryOf(other) === repositoryOf(reference));
  const hasOtherTag = inRepository.some((other) => other.tag !== null && !isSame(other));
  const goes = (other: Reference) =>
    isSame(other) || (reference.digest === null && !hasOtherTag && other.digest !== null);
  return inRepository.filter(goes);
}

/** At most one name with a tag, and all names in one repository. */
function isSingleName(references: readonly Reference[]): boolean {
  const tags = references.filter((reference) => reference.tag !== null);
  return tags.length <= 1 && new Set(references.map(repositoryOf)).size <= 1;
}

/** What forbids the removal of the image; null: nothing. */
function findConflict(image: ImageRecord, { force, runningContainerIds }: DeleteRequest): Conflict | null {
  if (image.hasChildren) return { isHard: true, message: 'image has dependent child images' };
  const running = image.snapshotKeys.map(snapshotOwner).find((id) => runningContainerIds.includes(id));
  if (running !== undefined) {
    return { isHard: true, message: `image is being used by running container ${shortId(running)}` };
  }
  if (force) return null;
  if (image.references.length > 0) return { isHard: false, message: 'image is referenced in multiple repositories' };
  const [stopped] = image.snapshotKeys;
  if (stopped === undefined) return null;
  return { isHard: false, message: `image is being used by stopped container ${shortId(stopped)}` };
}

function inUse(image: ImageRecord, { isHard, message }: Conflict): BerthError {
  const remedy = isHard ? 'cannot be forced' : 'must be forced';
  return new BerthError('IMAGE_IN_USE', `conflict: unable to delete ${shortId(image.id)} (${remedy}) - ${message}`);
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
