import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FRAME } from './frame.ts';
import { createStandingConnection, type StandingConnection } from './standing-connection.ts';

let directory: string;
let spawner: Server;
let standing: StandingConnection;
const accepted: Socket[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-'));
  accepted.length = 0;
  spawner = createServer((socket) => void accepted.push(socket.resume()));
  spawner.listen(join(directory, 'native.sock'));
  await once(spawner, 'listening');
  standing = createStandingConnection(join(directory, 'native.sock'));
});

afterEach(() => {
  for (const socket of accepted) socket.destroy();
  spawner.close();
  rmSync(directory, { recursive: true });
});

async function prepare(): Promise<Socket> {
  standing.prepare();
  const [socket] = (await once(spawner, 'connection')) as [Socket];
  // The client's side of it is known a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  return socket;
}

test('a connection that was made ahead is used once', async () => {
  const ahead = await prepare();
  const first = await standing.take();
  const second = await standing.take();
  void first.send(FRAME.request, Buffer.from('first'));
  const [bytes] = (await once(ahead, 'data')) as [Buffer];
  expect(bytes.subarray(8).toString()).toBe('first');
  expect(accepted).toHaveLength(2);
  first.close();
  second.close();
});

test('no second one is made ahead while the first waits', async () => {
  await prepare();
  standing.prepare();
  (await standing.take()).close();
  expect(accepted).toHaveLength(1);
});

test('one that the other side has ended is not used', async () => {
  const ahead = await prepare();
  ahead.end();
  await once(ahead, 'close');
  (await standing.take()).close();
  expect(accepted).toHaveLength(2);
});

test('a spawner that is away fails who takes, not who prepares', async () => {
  const nowhere = createStandingConnection(join(directory, 'nowhere.sock'));
  nowhere.prepare();
  await expect(nowhere.take()).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
});
