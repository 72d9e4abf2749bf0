import { BerthError } from '@berth/errors';
import type { Socket } from 'node:net';
import { createFrameReader, encodeFrame, type Frame } from './frame.ts';
import { traceNative } from './trace.ts';

/** What a channel tells its one listener. */
export interface FrameListener {
  onFrame(frame: Frame): void;
  /** Once, after the last frame, however the connection ended. */
  onEnd(): void;
}

/** Frames over a socket. Frames that nobody has asked for yet wait. */
export interface FrameChannel {
  /** Resolves when the socket has taken the bytes: whoever waits for it keeps pace with the other side. */
  send(type: number, payload: Uint8Array): Promise<void>;
  /** The next frame; null at the end of the connection. Only before listen(). */
  next(): Promise<Frame | null>;
  /** Delivers everything from here on. */
  listen(listener: FrameListener): void;
  /** Stops reading from the socket until resume(); frames that were read already still come. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Takes a connected socket. */
export function createFrameChannel(socket: Socket): FrameChannel {
  const read = createFrameReader();
  const waiting: Frame[] = [];
  let ended = false;
  let listener: FrameListener = { onFrame: (frame) => void waiting.push(frame), onEnd: () => undefined };

  socket.on('data', (chunk) => {
    try {
      for (const frame of read(chunk)) listener.onFrame(frame);
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  // What broke the connection does not matter to a listener: 'close' follows.
  socket.on('error', (error) => traceNative('broken', { message: error.message }));
  socket.on('close', () => {
    ended = true;
    listener.onEnd();
  });

  function listen(next: FrameListener): void {
    listener = next;
    for (const frame of waiting.splice(0)) next.onFrame(frame);
    if (ended) next.onEnd();
  }

  function next(): Promise<Frame | null> {
    const { promise, resolve } = Promise.withResolvers<Frame | null>();
    const keep = { onFrame: (frame: Frame) => void waiting.push(frame), onEnd: () => undefined };
    const rest = waiting.splice(1);
    listen({
      onFrame(frame) {
        listener = keep;
        resolve(frame);
      },
      onEnd: () => resolve(null),
    });
    waiting.push(...rest);
    return promise;
  }

  return {
    send(type, payload) {
      traceNative('send', { type, size: payload.length });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.write(encodeFrame(type, payload), (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new BerthError('CONTAINER_NOT_RUNNING', 'the process has ended', { cause: error }));
      });
      return promise;
    },
    next,
    listen,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
}
