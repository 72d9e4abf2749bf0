import { once } from 'node:events';
import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connectSocket } from './connect-socket.ts';

test('a connection by a path that is too long for an address closes nothing of others when it breaks', async () => {
  const root = mkdtempSync(join(tmpdir(), 'berth-'));
  const directory = join(root, 'x'.repeat(100));
  mkdirSync(directory);
  const short = openSync(directory, 'r');
  const server = createServer().listen(`/proc/self/fd/${short}/s.sock`);
  try {
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const socket = connectSocket(join(directory, 's.sock'));
    await once(socket, 'connect');
    const other = openSync('/dev/null', 'r');
    const broken = once(socket, 'error');
    const [peer] = (await accepted) as [typeof socket];
    peer.destroy();
    await once(peer, 'close');
    socket.write('to nobody');
    await broken.catch(() => undefined);
    expect(fstatSync(other).isCharacterDevice()).toBe(true);
    closeSync(other);
  } finally {
    server.close();
    closeSync(short);
    rmSync(root, { recursive: true });
  }
});
