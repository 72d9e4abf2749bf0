import { BerthError } from '@berth/errors';
import { abortable } from './abortable.ts';
import { downloadBlob, type DownloadDeps } from './download-blob.ts';
import { createKeyedLock } from '@berth/service-kit';
import type { BlobDescriptor, BlobSources, Repository, StoredBlob } from './ports.ts';
import type { RegistryCredentials } from './registry-credentials.ts';
import type { Slots } from './slots.ts';
import { watchWork } from './watch-work.ts';

/** What to fetch, and from where. */
export interface FetchRequest {
  readonly repository: Repository;
  readonly credentials: RegistryCredentials | null;
  /** A size of 0 means unknown. */
  readonly descriptor: BlobDescriptor;
  readonly signal: AbortSignal;
}

export type FetchEvent =
  | { readonly kind: 'opened'; readonly path: string }
  | { readonly kind: 'progress'; readonly receivedBytes: number }
  | { readonly kind: 'stored'; readonly blob: StoredBlob; readonly isAlreadyPresent: boolean };

export interface FetchBlobDeps extends DownloadDeps {
  readonly sources: Pick<BlobSources, 'add'>;
  readonly slots: Slots;
}

/** Makes sure that a blob is in the store: tells the file that it comes into and progress, and `stored` at the end. */
export type FetchBlob = (request: FetchRequest) => AsyncGenerator<FetchEvent>;

/** One download, and all who wait for it. It goes on as long as one of them does. */
interface Flight {
  readonly origin: FetchRequest;
  readonly stored: Promise<StoredBlob>;
  readonly cancel: AbortController;
  path: string | null;
  /** Resolves when there is a path, or none will come. */
  readonly opened: Promise<void>;
  receivedBytes: number;
  followers: number;
}

export function createFetchBlob(deps: FetchBlobDeps): FetchBlob {
  const flights = new Map<string, Flight>();
  const locks = createKeyedLock();

  const start = (origin: FetchRequest): Flight => {
    const { digest } = origin.descriptor;
    const cancel = new AbortController();
    const { signal } = cancel;
    const opened = Promise.withResolvers<void>();
    const onOpened = (path: string): void => {
      flight.path = path;
      opened.resolve();
    };
    const onProgress = (bytes: number): void => void (flight.receivedBytes = bytes);
    const download = async (): Promise<StoredBlob> => {
      const release = await deps.slots.take(signal);
      try {
        // A flight that ended in the meantime may have brought it.
        const present = await deps.store.get(digest);
        if (present !== null) return present;
        const blob = await downloadBlob(deps, { ...origin, signal, onOpened, onProgress });
        deps.sources.add(digest, origin.repository);
        return blob;
      } finally {
        release();
      }
    };
    // A flight that was given up may still be putting its partial blob away.
    const stored = locks.run(digest, download).finally(() => {
      if (flights.get(digest) === flight) flights.delete(digest);
      opened.resolve();
    });
    stored.catch(() => {});
    const fields = { path: null, opened: opened.promise, receivedBytes: 0, followers: 0 };
    const flight: Flight = { origin, stored, cancel, ...fields };
    flights.set(digest, flight);
    return flight;
  };

  const leave = (flight: Flight): void => {
    flight.followers--;
    if (flight.followers > 0) return;
    const { digest } = flight.origin.descriptor;
    if (flights.get(digest) === flight) flights.delete(digest);
    flight.cancel.abort();
  };

  const follow = async function* (flight: Flight, request: FetchRequest): AsyncGenerator<FetchEvent> {
    const { descriptor, signal } = request;
    let told = 0;
    let toldPath: string | null = null;
    const news = function* (): Generator<FetchEvent> {
      if (flight.path !== toldPath) yield { kind: 'opened', path: (toldPath = flight.path as string) };
      if (flight.receivedBytes !== told) yield { kind: 'progress', receivedBytes: (told = flight.receivedBytes) };
    };
    flight.followers++;
    try {
      await abortable(flight.opened, signal);
      const blob = yield* watchWork(flight.stored, news, signal);
      checkSize(blob, descriptor);
      yield { kind: 'stored', blob, isAlreadyPresent: false };
    } finally {
      leave(flight);
    }
  };

  return async function* fetchBlob(request) {
    const { descriptor, signal } = request;
    const present = await deps.store.get(descriptor.digest);
    if (present !== null) {
      checkSize(present, descriptor);
      return yield { kind: 'stored', blob: present, isAlreadyPresent: true };
    }
    const running = flights.get(descriptor.digest);
    if (running !== undefined && !isSameOrigin(running.origin, request)) {
      try {
        return yield* follow(running, request);
      } catch (error) {
        // What another repository or account could not get, this one may.
        if (signal.aborted) throw error;
      }
    }
    yield* follow(flights.get(descriptor.digest) ?? start(request), request);
  };
}

function checkSize(blob: StoredBlob, { digest, size }: BlobDescriptor): void {
  if (size === 0 || size === blob.size) return;
  throw new BerthError('SIZE_MISMATCH', `blob ${digest} has ${blob.size} bytes, expected ${size}`);
}

function isSameOrigin(a: FetchRequest, b: FetchRequest): boolean {
  const originOf = ({ repository, credentials, descriptor }: FetchRequest) =>
    JSON.stringify([repository.domain, repository.path, credentials, descriptor.size]);
  return originOf(a) === originOf(b);
}
