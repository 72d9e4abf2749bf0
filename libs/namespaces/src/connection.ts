import { BerthError } from '@berth/errors';
import { closeSync, constants, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** sockaddr_un.sun_path has room for 108 bytes, one of them NUL. */
const SOCKET_PATH_MAX = 107;

/** How often, and after which pause, a connection is tried again that found the listener's queue full. */
const QUEUE_ATTEMPTS = 400;
const QUEUE_PAUSE_MS = 5;

/**
 * Connects to a unix socket, however long its path is.
 *
 * @throws BerthError SERVICE_UNAVAILABLE when nobody listens there.
 */
export async function connectSocket(path: string, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted();
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return connectPatiently(path, path, signal);
  const directory = openDirectory(path);
  try {
    return await connectPatiently(`/proc/self/fd/${directory}/${basename(path)}`, path, signal);
  } finally {
    closeSync(directory);
  }
}

/** A unix socket refuses with EAGAIN what a TCP socket would let wait. */
async function connectPatiently(address: string, path: string, signal: AbortSignal | undefined): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectTo(address, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || attempt === QUEUE_ATTEMPTS)
        throw unreachable(path, error);
      await setTimeout(QUEUE_PAUSE_MS);
    }
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw unreachable(path, error);
  }
}

function connectTo(address: string, signal: AbortSignal | undefined): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(address);
  const abort = () => socket.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  socket.on('error', reject);
  socket.once('connect', () => resolve(socket));
  return promise.finally(() => signal?.removeEventListener('abort', abort));
}

function unreachable(path: string, cause: unknown): BerthError {
  return new BerthError('SERVICE_UNAVAILABLE', `cannot reach the native helper at ${path}: is berth-ns running?`, {
    cause,
  });
}
