import { BerthError } from '@berth/errors';
import { Reply, Request } from '@berth/proto/native';
import { connectSocket } from './connection.ts';
import { toStartError } from './failure.ts';
import { FRAME } from './frame.ts';
import { createFrameChannel, type FrameChannel } from './frame-channel.ts';
import { traceNative } from './trace.ts';

export type RequestBody = NonNullable<Request['request']>;
export type ReplyBody = Exclude<NonNullable<Reply['reply']>, { $case: 'failure' }>;

/** A reply, with the connection that it came on. */
export interface Answer {
  readonly reply: ReplyBody;
  readonly channel: FrameChannel;
}

/**
 * Sends one request on a connection of its own and waits for the reply.
 *
 * @throws BerthError what failed, SERVICE_UNAVAILABLE when nobody listens or the other side ended without a reply.
 */
export async function sendRequest(socketPath: string, request: RequestBody, signal?: AbortSignal): Promise<Answer> {
  return exchange(createFrameChannel(await connectSocket(socketPath, signal)), socketPath, request, signal);
}

/** Sends a request on a connection that is there. What becomes of it, the reply tells. */
export function sendOn(channel: FrameChannel, socketPath: string, request: RequestBody): void {
  traceNative('request', { socketPath, request: request.$case });
  // A refusal may come before the whole request is written; it tells more than the broken pipe does.
  channel.send(FRAME.request, Request.encode({ request }).finish()).catch(() => undefined);
}

/** Sends one request on a connection that is there, and waits for the reply; throws as sendRequest. Closes it when there is none. */
export async function exchange(
  channel: FrameChannel,
  socketPath: string,
  request: RequestBody,
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    sendOn(channel, socketPath, request);
    const reply = await receiveReply(channel, socketPath, signal);
    traceNative('reply', { request: request.$case, reply });
    if (reply.$case === 'failure') throw toStartError(reply.value);
    return { reply, channel };
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function receiveReply(
  channel: FrameChannel,
  socketPath: string,
  signal: AbortSignal | undefined,
): Promise<NonNullable<Reply['reply']>> {
  const close = () => channel.close();
  signal?.addEventListener('abort', close, { once: true });
  try {
    const frame = await channel.next();
    signal?.throwIfAborted();
    const reply = frame?.type === FRAME.reply ? Reply.decode(frame.payload).reply : undefined;
    if (reply !== undefined) return reply;
  } finally {
    signal?.removeEventListener('abort', close);
  }
  throw new BerthError('SERVICE_UNAVAILABLE', `the native helper at ${socketPath} ended without an answer`);
}
