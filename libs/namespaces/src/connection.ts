import { BerthError } from '@berth/errors';
import { closeSync, constants, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** sockaddr_un.sun_path has room for 108 bytes, one of them NUL. */
const SOCKET_PATH_MAX = 107;

/**
 * Connects to a unix socket, however long its path is.
 *
 * @throws BerthError SERVICE_UNAVAILABLE when nobody listens there.
 */
export async function connectSocket(path: string, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted();
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return connectTo(path, path, signal);
  const directory = openDirectory(path);
  try {
    return await connectTo(`/proc/self/fd/${directory}/${basename(path)}`, path, signal);
  } finally {
    closeSync(directory);
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw unreachable(path, error);
  }
}

function connectTo(address: string, path: string, signal: AbortSignal | undefined): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(address);
  const abort = () => socket.destroy(signal?.reason as Error);
  const fail = (error: Error) => reject(signal?.aborted ? error : unreachable(path, error));
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('error', fail);
  socket.once('connect', () => {
    signal?.removeEventListener('abort', abort);
    socket.off('error', fail);
    resolve(socket);
  });
  return promise;
}

function unreachable(path: string, cause: unknown): BerthError {
  return new BerthError('SERVICE_UNAVAILABLE', `cannot reach the native helper at ${path}: is berth-ns running?`, {
    cause,
  });
}
