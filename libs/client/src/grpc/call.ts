import { errorOfFailure, errorOfTrailers } from './call-error.ts';
import { STREAM_WINDOW, type Http2Connection, type Http2Stream, type StreamListener } from './http2-connection.ts';
import { BerthError } from '@berth/errors';
import { createMessageReader, encodeMessage } from './message-frame.ts';

/** What a call is made with. */
export interface CallTarget {
  connection: Http2Connection;
  /** The encoded fields of the request. */
  headers: Buffer;
  socketPath: string;
  /** The peer's name in error texts. */
  service: string;
}

/**
 * Makes a call of one request and one response: all of the request goes out in one write. Throws as `call`, and INTERNAL for another number
 * of responses.
 */
export function callUnary(target: CallTarget, request: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
  const { connection, headers, socketPath, service } = target;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const readMessages = createMessageReader();
    const responses: Buffer[] = [];
    let ungranted = 0;
    const end = (error: Error | undefined): void => {
      signal?.removeEventListener('abort', onAbort);
      const [response] = responses;
      if (error !== undefined) reject(error);
      else if (response !== undefined && responses.length === 1) resolve(response);
      else reject(new BerthError('INTERNAL', `${service} sent ${responses.length} responses instead of one`));
    };
    const listener: StreamListener = {
      onData(data) {
        responses.push(...readMessages(data));
        ungranted += data.length;
        if (ungranted < STREAM_WINDOW / 4) return;
        stream.grant(ungranted);
        ungranted = 0;
      },
      onEnd: (trailers) => end(errorOfTrailers(trailers, service)),
      onFailure: (failure) => end(errorOfFailure(failure, socketPath, service)),
    };
    const onAbort = (): void => {
      stream.cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const stream = connection.request(headers, listener, encodeMessage(request));
  });
}

/**
 * Makes one gRPC call: sends the encoded requests, yields the encoded responses. Throws a BerthError, an UnreachableError, or the
 * signal's reason. Requests that are left over when the call ends are not sent; their iterator is returned.
 */
export async function* call(
  target: CallTarget,
  requests: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  signal?.throwIfAborted();
  const inbox = createInbox(target);
  const stream = target.connection.request(target.headers, inbox.listener);
  inbox.open(stream);
  const onAbort = () => inbox.finish(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const sending = send(stream, requests, inbox);
  try {
    yield* inbox.messages();
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stream.cancel();
    sending.stop();
  }
}

/** Sends requests until they or the call end. An error of the iterator fails the call. */
function send(stream: Http2Stream, requests: AsyncIterable<Uint8Array>, inbox: Inbox): { stop(): void } {
  const iterator = requests[Symbol.asyncIterator]();
  let stopped = false;
  const run = async () => {
    while (!stopped) {
      const { value, done } = await iterator.next();
      if (done) return stream.end();
      await stream.write(encodeMessage(value));
    }
  };
  run().catch((error: unknown) => inbox.finish(error));
  return {
    stop() {
      stopped = true;
      // A generator that waits for input returns when that comes, or never: nobody may wait for it.
      iterator.return?.()?.catch(() => undefined);
    },
  };
}

interface Inbox {
  listener: StreamListener;
  open(stream: Http2Stream): void;
  /** Ends the messages: with an error, or without. Only the first call counts. */
  finish(error: unknown): void;
  messages(): AsyncGenerator<Buffer, void, undefined>;
}

/** Holds the messages that have come and are not yet read, and lets the peer send only as much as is read. */
function createInbox({ socketPath, service }: CallTarget): Inbox {
  const readMessages = createMessageReader();
  let stream: Http2Stream | undefined;
  let queue: Buffer[] = [];
  let queuedBytes = 0;
  let receivedBytes = 0;
  let grantedBytes = STREAM_WINDOW;
  let result: { error: unknown } | undefined;
  let wake: (() => void) | undefined;

  function finish(error: unknown): void {
    result ??= { error };
    wake?.();
  }

  // What belongs to a message that is not yet whole is granted again at once, or one larger than the window would never be whole.
  function grant(): void {
    const missing = receivedBytes + STREAM_WINDOW - queuedBytes - grantedBytes;
    if (missing < STREAM_WINDOW / 4) return;
    grantedBytes += missing;
    stream?.grant(missing);
  }

  const listener: StreamListener = {
    onData(data) {
      receivedBytes += data.length;
      for (const message of readMessages(data)) {
        queue.push(message);
        queuedBytes += message.length;
      }
      grant();
      wake?.();
    },
    onEnd: (trailers) => finish(errorOfTrailers(trailers, service)),
    onFailure: (failure) => finish(errorOfFailure(failure, socketPath, service)),
  };

  async function* messages(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const ready = queue;
      queue = [];
      for (const message of ready) {
        yield message;
        queuedBytes -= message.length;
        grant();
      }
      if (queue.length > 0) continue;
      if (result) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if (result.error !== undefined) throw result.error;
  }

  return { listener, open: (opened) => (stream = opened), finish, messages };
}
