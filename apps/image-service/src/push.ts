import { BerthError } from '@berth/errors';
import {
  familiarReference,
  familiarRepository,
  formatReference,
  parsePlatform,
  parseReference,
  repositoryOf,
  withDefaultTag,
  type Reference,
} from '@berth/oci';
import type { ImageRecord } from './image.ts';
import { lookUpImage } from './lookup.ts';
import type { Credentials, ImageStore } from './ports.ts';
import { createProgressQueue, type ProgressQueue } from './progress-queue.ts';
import { checkPlatform } from './pull-plan.ts';
import type { PushContent, PushLayerProgress } from './push-content.ts';

export interface PushRequest {
  /** As a user writes it. */
  readonly reference: string;
  /** All tags of the repository. */
  readonly allTags: boolean;
  /** `os/arch[/variant]` that the image must be for; empty: any. */
  readonly platform: string;
  readonly credentials: Credentials | null;
}

export type PushEvent =
  | { readonly kind: 'started'; readonly repository: string }
  | { readonly kind: 'layer'; readonly diffId: string; readonly progress: PushLayerProgress }
  | { readonly kind: 'pushed'; readonly tag: string; readonly digest: string; readonly sizeBytes: number };

export interface PushDeps {
  readonly store: Pick<ImageStore, 'get' | 'list' | 'findByReference' | 'findByPrefix' | 'recordPush'>;
  readonly pushContent: PushContent;
  /** Ends all pushes. */
  readonly signal: AbortSignal;
}

/**
 * Pushes the image of a tag, or those of all tags of a repository, and tells how it goes. Throws IMAGE_NOT_FOUND with Docker's texts,
 * REFERENCE_INVALID, PLATFORM_NOT_FOUND, and as RegistryService.PushBlob. A reader that stops ends the push.
 */
export type PushImage = (request: PushRequest, signal: AbortSignal) => AsyncGenerator<PushEvent>;

/** An image, and the tag under which it goes. */
interface Tagged {
  readonly image: ImageRecord;
  readonly reference: Reference;
}

type Queue = ProgressQueue<PushEvent>;

export function createPushImage(deps: PushDeps): PushImage {
  return async function* pushImage(request, signal) {
    const reference = toTarget(request);
    checkImage(deps.store, reference, request.platform);
    yield { kind: 'started', repository: repositoryOf(reference) };
    const queue = createProgressQueue<PushEvent>();
    const stop = new AbortController();
    const joined = AbortSignal.any([signal, deps.signal, stop.signal]);
    const tagged = choose(deps.store, reference);
    const work = pushAll(deps, tagged, { ...request, asked: reference, queue, signal: joined }).finally(queue.end);
    // Awaited below; without this a failure would count as unhandled while the reader is slow.
    work.catch(() => {});
    try {
      yield* queue.read();
      await work;
    } finally {
      stop.abort();
      await work.catch(() => {});
    }
  };
}

function toTarget({ reference: text, allTags }: PushRequest): Reference {
  const reference = parseReference(text);
  if (reference.digest !== null) throw new BerthError('REFERENCE_INVALID', 'cannot push a digest reference');
  if (!allTags) return withDefaultTag(reference);
  if (reference.tag === null) return reference;
  throw new BerthError('REFERENCE_INVALID', "tag can't be used with --all-tags/-a");
}

function checkImage(store: PushDeps['store'], reference: Reference, platform: string): void {
  if (platform === '') return;
  const { platform: actual } = lookUpImage(store, formatReference(reference));
  checkPlatform(parsePlatform(actual), { reference, platform: parsePlatform(platform), isPlatformGiven: true });
}

/** The tag that is named, or all of the repository. */
function choose(store: PushDeps['store'], reference: Reference): Tagged[] {
  const inRepository = taggedIn(store, reference);
  const named = inRepository.filter((one) => reference.tag === null || one.reference.tag === reference.tag);
  if (named.length > 0) return named;
  const hasRepository = store
    .list()
    .some(({ references }) => references.some((other) => repositoryOf(other) === repositoryOf(reference)));
  if (!hasRepository) {
    const repository = familiarRepository(reference);
    throw new BerthError('IMAGE_NOT_FOUND', `An image does not exist locally with the tag: ${repository}`);
  }
  const text = familiarReference(reference);
  throw new BerthError(
    'IMAGE_NOT_FOUND',
    reference.tag === null ? `no tags to push for ${text}` : `tag does not exist: ${text}`,
  );
}

/** The tags of a repository, by name. */
function taggedIn(store: PushDeps['store'], repository: Reference): Tagged[] {
  return store
    .list()
    .flatMap((image) => image.references.map((reference) => ({ image, reference })))
    .filter(({ reference }) => reference.tag !== null && repositoryOf(reference) === repositoryOf(repository))
    .sort((a, b) => (formatReference(a.reference) < formatReference(b.reference) ? -1 : 1));
}

interface Work {
  /** As it was asked for: of all tags, the repository. */
  readonly asked: Reference;
  readonly credentials: Credentials | null;
  readonly queue: Queue;
  readonly signal: AbortSignal;
}

async function pushAll(deps: PushDeps, tagged: readonly Tagged[], work: Work): Promise<void> {
  for (const [index, { image, reference }] of tagged.entries()) {
    const { queue, credentials, signal, asked } = work;
    const tag = reference.tag as string;
    const { manifest, blobs } = await deps.pushContent({
      ...{ image, reference, credentials, signal },
      onProgress: (diffId, progress) =>
        queue.push([tag, diffId, progress.phase].join(' '), { kind: 'layer', diffId, progress }),
    });
    const { digest, size } = manifest;
    // Docker tells the push of all tags once.
    const isLast = index === tagged.length - 1;
    const event = { verb: 'push' as const, objectId: familiarReference(asked), name: familiarRepository(asked) };
    const references = [{ ...reference, tag: null, digest }];
    deps.store.recordPush({ imageId: image.id, references, blobs, events: isLast ? [event] : [] });
    queue.push(tag, { kind: 'pushed', tag, digest, sizeBytes: size });
  }
}
