import { containerEvent } from './events.ts';
import type { Freezer } from './freeze-containers.ts';
import { findContainer } from './find-container.ts';
import { ENGINE_MOUNT_POINTS } from './plan/mounts.ts';
import type { ImageClient } from './ports/images.ts';
import type { ContainerStore } from './ports/stores.ts';
import { imageConfigOf, mergeImageConfig, parseImageConfigDocument } from './spec/image-config.ts';

export interface CommitRequest {
  readonly container: string;
  /** Empty for none. */
  readonly reference: string;
  /** What of an OCI image config's `config` object to change, as JSON; empty for nothing. */
  readonly config: Uint8Array;
  readonly author: string;
  readonly message: string;
  readonly squash: boolean;
  /** Lets a running container go on meanwhile; it is paused otherwise. */
  readonly noPause: boolean;
}

export interface CommitDeps {
  readonly store: ContainerStore;
  readonly images: Pick<ImageClient, 'prepareSnapshot' | 'commitSnapshot'>;
  readonly freezer: Pick<Freezer, 'whileFrozen'>;
}

/**
 * Makes an image of a container, and returns its id. Throws as findContainer, INVALID_ARGUMENT, and as ImageClient.commitSnapshot; then
 * nothing of it stays.
 */
export type ContainerCommitter = (request: CommitRequest, signal: AbortSignal) => Promise<string>;

export function createContainerCommitter({ store, images, freezer }: CommitDeps): ContainerCommitter {
  return async function commit(request, signal) {
    const { reference, author, message, squash } = request;
    const changes = parseImageConfigDocument(request.config);
    const container = findContainer(store, request.container);
    const { image } = await images.prepareSnapshot(container.id, container.imageId);
    const base = imageConfigOf(container, image);
    const snapshot = {
      containerId: container.id,
      mountPoints: ENGINE_MOUNT_POINTS,
      config: mergeImageConfig(changes, base),
      // As Docker has it: without the entrypoint.
      createdBy: (base.Cmd ?? []).join(' '),
      ...{ reference, author, message, squash },
    };
    const save = (): Promise<string> => images.commitSnapshot(snapshot, signal);
    const imageId = await (request.noPause ? save() : freezer.whileFrozen(container.id, save));
    store.tell([containerEvent(container, 'commit', { comment: message, imageID: imageId, imageRef: reference })]);
    return imageId;
  };
}
