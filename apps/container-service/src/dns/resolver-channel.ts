import type { Socket } from 'node:net';
import { readMessages, sendMessage } from './message-lines.ts';
import type { ResolverGreeting, ResolverReply, ResolverRequest, ResolverTask } from './resolver-messages.ts';

/** A connection to the resolver's process. */
export interface ResolverConnection {
  /** Tasks are done in the order in which they are asked for. Rejects when the connection ends before the reply. */
  ask(task: ResolverTask): Promise<ResolverReply>;
  /** Resolves when the connection has ended, also after `close`. */
  readonly ended: Promise<void>;
  close(): void;
}

/** The service's side of a connection; `greeting` rejects when it ends before one came. */
export function createResolverChannel(
  socket: Socket,
): ResolverConnection & { readonly greeting: Promise<ResolverGreeting> } {
  const waiting = new Map<number, { done: (reply: ResolverReply) => void; fail: (error: Error) => void }>();
  const greeting = Promise.withResolvers<ResolverGreeting>();
  const ended = Promise.withResolvers<undefined>();
  let lastNumber = 0;
  let isOver = false;

  greeting.promise.catch(() => undefined);
  socket.on('close', () => {
    isOver = true;
    const error = endError();
    greeting.reject(error);
    for (const { fail } of waiting.values()) fail(error);
    waiting.clear();
    ended.resolve(undefined);
  });
  readMessages(socket, (received) => {
    const message = received as ResolverGreeting | ResolverReply;
    if (!('number' in message)) {
      greeting.resolve(message);
      return;
    }
    waiting.get(message.number)?.done(message);
    waiting.delete(message.number);
  });

  return {
    greeting: greeting.promise,
    ended: ended.promise,
    ask(task) {
      if (isOver) return Promise.reject(endError());
      const request: ResolverRequest = { number: ++lastNumber, task };
      return new Promise((done, fail) => {
        waiting.set(request.number, { done, fail });
        sendMessage(socket, request);
      });
    },
    close: () => socket.destroy(),
  };
}

function endError(): Error {
  return new Error('its process ended');
}
