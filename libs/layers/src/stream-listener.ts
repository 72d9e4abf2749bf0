import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** A socket to which one task of the tool connects, to send or take bytes. */
export interface StreamListener extends Disposable {
  readonly path: string;
  /** The connection; rejects when the listener is disposed of before there is one. */
  readonly connected: Promise<Socket>;
}

/** Listens in a directory that only root enters, under a name that nobody can guess, which is gone once the task has connected. */
export async function listenForStream(dir: string): Promise<StreamListener> {
  const path = join(dir, `${randomBytes(8).toString('hex')}.sock`);
  const server = createServer({ allowHalfOpen: true });
  const { promise: connected, resolve, reject } = Promise.withResolvers<Socket>();
  connected.catch(() => {});
  server.once('connection', (socket) => {
    server.close();
    // Who reads or writes learns of it there; a task that has just ended breaks a connection that nobody uses any more.
    socket.on('error', () => {});
    resolve(socket);
  });
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(path, listening));
  return {
    path,
    connected,
    [Symbol.dispose]() {
      server.close();
      reject(new Error('the task ended without a connection'));
    },
  };
}
