import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Reply, Signal } from '@berth/proto/native';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSocket } from './connection.ts';
import { createFrameReader, encodeFrame, FRAME } from './frame.ts';
import { createFrameChannel } from './frame-channel.ts';
import { readRecord } from './record.ts';
import { createRunningProcess } from './running-process.ts';

const STARTED = { pid: 1, keeperPid: 2, startedUnixNanos: 0n, timings: [] };

let stateDir: string;
let keeper: Server;
const signals: Signal[] = [];
const clients = new Set<Socket>();

/** A keeper that reads nothing from its first client, as one does whose process does not read its stdin. */
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'berth-'));
  signals.length = 0;
  keeper = createServer({ pauseOnConnect: true }, (socket) => {
    clients.add(socket);
    if (clients.size > 1) answer(socket);
  });
  await new Promise<void>((resolve) => keeper.listen(join(stateDir, 'control.sock'), resolve));
});

afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
  keeper.close();
  rmSync(stateDir, { recursive: true, force: true });
});

function answer(socket: Socket): void {
  const read = createFrameReader();
  const done = Reply.encode({ reply: { $case: 'done', value: { client: 2 } } }).finish();
  socket.on('data', (chunk) => {
    for (const { type, payload } of read(chunk)) {
      if (type === FRAME.request) socket.write(encodeFrame(FRAME.reply, done));
      if (type === FRAME.signal) signals.push(Signal.decode(payload));
    }
  });
  socket.resume();
}

async function runningProcess() {
  return createRunningProcess(createFrameChannel(await connectSocket(join(stateDir, 'control.sock'))), STARTED, {
    stateDir,
    hasLog: true,
    client: 1,
  });
}

async function signalled(): Promise<Signal> {
  while (signals[0] === undefined) await new Promise((resolve) => setImmediate(resolve));
  return signals[0];
}

test('a signal overtakes stdin that the process does not read', async () => {
  const process = await runningProcess();
  const writing = process.write(new Uint8Array(4 * 1024 * 1024)).catch(() => 'never taken');
  await process.signal(15);
  expect(await signalled()).toEqual({ number: 15, all: false });
  process.close();
  expect(await writing).toBe('never taken');
});

test('a signal arrives although the connection is closed', async () => {
  const process = await runningProcess();
  process.close();
  await process.signal(0, { all: true });
  expect(await signalled()).toEqual({ number: 0, all: true });
});

test('a signal to a process whose keeper is gone is refused', async () => {
  const process = await runningProcess();
  process.close();
  rmSync(join(stateDir, 'control.sock'));
  await expect(process.signal(15)).rejects.toMatchObject({ reason: 'CONTAINER_NOT_RUNNING' });
});

test('a client that is cut off learns of no exit, whatever the record tells: its output is not complete', async () => {
  const record = Buffer.alloc(256);
  record.write('BERTHREC', 'latin1');
  record.writeUInt32LE(1, 8);
  record.writeUInt32LE(3, 12);
  writeFileSync(join(stateDir, 'record'), record);
  expect(readRecord(stateDir)?.exit).toMatchObject({ exitCode: 0 });
  const process = await runningProcess();
  while (clients.size === 0) await new Promise((resolve) => setImmediate(resolve));
  for (const client of clients) client.destroy();
  expect(await process.exited).toBeNull();
});
