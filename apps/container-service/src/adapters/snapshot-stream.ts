import type { ImageServiceClient, PrepareSnapshotRequest, PrepareSnapshotResponse } from '@berth/proto/image';

/** Prepares snapshots over one call that stays open; a call for each start costs it a millisecond more. */
export interface SnapshotStream {
  /** Null when it failed, or the call ended before the answer: PrepareSnapshot, which is idempotent, tells more. Never rejects. */
  prepare(request: PrepareSnapshotRequest): Promise<PrepareSnapshotResponse | null>;
}

interface OpenCall {
  ask(request: PrepareSnapshotRequest): Promise<PrepareSnapshotResponse | null>;
}

/** Makes the call when it is needed, and again after it has ended. The signal ends it. */
export function createSnapshotStream(
  client: Pick<ImageServiceClient, 'prepareSnapshots'>,
  signal: AbortSignal,
): SnapshotStream {
  let current: OpenCall | null = null;

  return {
    prepare(request) {
      if (signal.aborted) return Promise.resolve(null);
      current ??= openCall(client, signal, () => (current = null));
      return current.ask(request);
    },
  };
}

/** Answers come in the order of the requests. */
function openCall(
  client: Pick<ImageServiceClient, 'prepareSnapshots'>,
  signal: AbortSignal,
  onEnd: () => void,
): OpenCall {
  const unsent: PrepareSnapshotRequest[] = [];
  const unanswered: ((response: PrepareSnapshotResponse | null) => void)[] = [];
  let wake = (): void => {};

  async function* requests() {
    for (;;) {
      const request = unsent.shift();
      if (request === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else yield { request };
    }
  }

  async function receive(): Promise<void> {
    try {
      for await (const { prepared } of client.prepareSnapshots(requests(), { signal })) {
        unanswered.shift()?.(prepared ?? null);
      }
    } finally {
      onEnd();
      for (const answer of unanswered.splice(0)) answer(null);
    }
  }

  receive().catch(() => {});
  return {
    ask(request) {
      const { promise, resolve } = Promise.withResolvers<PrepareSnapshotResponse | null>();
      unanswered.push(resolve);
      unsent.push(request);
      wake();
      return promise;
    },
  };
}
