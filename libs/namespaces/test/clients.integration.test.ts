import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Request } from '@berth/proto/native';
import { attachKeeper } from '../src/index.ts';
import { createFrameReader, encodeFrame, FRAME } from '../src/frame.ts';
import { eventually, finish, nextOutput, startTestEngine, type TestEngine } from './test-engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const MEBIBYTE = 1024 * 1024;
const attachFrame = () =>
  encodeFrame(FRAME.request, Request.encode({ request: { $case: 'attach', value: { output: true } } }).finish());

async function connectKeeper(stateDir: string): Promise<Socket> {
  const socket = connect(join(stateDir, 'control.sock'));
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

const closed = (socket: Socket) => new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));

describe('the starting client', () => {
  test('gets everything, however slowly it reads', async () => {
    const container = engine.create();
    const plan = container.plan(['dd', 'if=/dev/zero', 'bs=1M', 'count=40']);
    const running = await engine.spawner.startContainer(plan);
    await new Promise((resolve) => setTimeout(resolve, 300));
    let size = 0;
    for await (const chunk of running.output) if (chunk.stream === 'stdout') size += chunk.data.length;
    expect(size).toBe(40 * MEBIBYTE);
    expect(await running.exited).toMatchObject({ exitCode: 0 });
  });

  test('gets no output but the exit when it asked for none', async () => {
    const plan = engine.create().plan(['sh', '-c', 'echo unheard; exit 3'], { detached: true });
    expect(await finish(await engine.spawner.startContainer(plan))).toMatchObject({
      stdout: '',
      exit: { exitCode: 3 },
    });
  });
});

describe('a client that attaches', () => {
  test('and does not read lacks what its log has, and the container goes on', async () => {
    const container = engine.create();
    const script = 'read x; seq 1 300000; echo done >&2; read y; echo last; exit 5';
    const plan = container.plan(['sh', '-c', script], { openStdin: true, detached: true });
    const running = await engine.spawner.startContainer(plan);
    const slow = await attachKeeper(container.places.stateDir, { output: true });
    await running.write(Buffer.from('\n'));
    const log = () => readFileSync(container.places.logPath, 'latin1');
    await eventually(() => log().includes('stderr F done'), 'the container has written everything');
    const output = slow.output[Symbol.asyncIterator]();
    let seen = '';
    for (;;) {
      const { value } = await output.next();
      if (value === undefined) throw new Error('the output has no gap');
      if (value.stream !== 'log') {
        seen += Buffer.from(value.data).toString();
        continue;
      }
      const { from, to } = value;
      expect(log().startsWith(from.file)).toBe(true);
      expect(to?.totalBytes).toBe(log().length);
      seen += log()
        .slice(from.offsetBytes, to?.offsetBytes)
        .replaceAll(/^\S+ std\w+ F /gm, '')
        .replaceAll(/^\S+ std\w+ P (.*)\n/gm, '$1');
      break;
    }
    await running.write(Buffer.from('\n'));
    for (let next = await nextOutput(output); next !== null; next = await nextOutput(output)) seen += next;
    expect(seen === `${Array.from({ length: 300_000 }, (_, i) => `${i + 1}\n`).join('')}done\nlast\n`).toBe(true);
    expect(await slow.exited).toMatchObject({ exitCode: 5 });
    expect(await running.exited).toMatchObject({ exitCode: 5 });
  });

  test('and does not read comes back although the process does not read what it has sent', async () => {
    const container = engine.create();
    const script = 'read x; seq 1 300000; touch /done; sleep 1000';
    const plan = container.plan(['sh', '-c', script], { openStdin: true, detached: true });
    const running = await engine.spawner.startContainer(plan);
    const slow = await attachKeeper(container.places.stateDir, { output: true });
    await running.write(Buffer.from('\n'));
    slow.write(new Uint8Array(3 * MEBIBYTE)).catch(() => undefined);
    await eventually(() => existsSync(`/proc/${running.started.pid}/root/done`), 'everything is written');
    let end: number | undefined;
    for await (const chunk of slow.output) {
      if (chunk.stream !== 'log') continue;
      end = chunk.to?.totalBytes;
      break;
    }
    expect(end).toBe(readFileSync(container.places.logPath).length);
    await running.signal(9);
    expect(await running.exited).toMatchObject({ exitCode: 137 });
  });

  test('and does not read is told where its output ends when the process has ended', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'read x; seq 1 300000; exit 6'], { openStdin: true, detached: true });
    const running = await engine.spawner.startContainer(plan);
    const slow = await attachKeeper(container.places.stateDir, { output: true });
    await running.write(Buffer.from('\n'));
    expect(await running.exited).toMatchObject({ exitCode: 6 });
    let end: number | undefined;
    for await (const chunk of slow.output) if (chunk.stream === 'log') end = chunk.to?.totalBytes;
    expect(end).toBe(readFileSync(container.places.logPath).length);
    expect(await slow.exited).toMatchObject({ exitCode: 6 });
  });

  test('and has read nothing for long when the process ends has time to read then', async () => {
    const container = engine.create();
    // Longer than a keeper waits for a client that takes nothing.
    const script = 'read x; seq 1 300000; sleep 11; exit 6';
    const running = await engine.spawner.startContainer(
      container.plan(['sh', '-c', script], { openStdin: true, detached: true }),
    );
    const slow = await connectKeeper(container.places.stateDir);
    slow.pause();
    slow.write(attachFrame());
    await running.write(Buffer.from('\n'));
    expect(await running.exited).toMatchObject({ exitCode: 6 });
    const readFrames = createFrameReader();
    const types: number[] = [];
    for await (const chunk of slow as AsyncIterable<Buffer>) types.push(...readFrames(chunk).map(({ type }) => type));
    expect(types.slice(-2)).toEqual([FRAME.logPosition, FRAME.exited]);
  }, 30_000);

  test('and does not read is cut off when there is no log, and the container goes on', async () => {
    const container = engine.create();
    const script = 'read x; dd if=/dev/zero bs=1M count=4 2>/dev/null; touch /done; read y; exit 5';
    const plan = container.plan(['sh', '-c', script], { openStdin: true, detached: true, log: undefined });
    const running = await engine.spawner.startContainer(plan);
    const slow = await connectKeeper(container.places.stateDir);
    slow.pause();
    slow.write(attachFrame());
    await running.write(Buffer.from('\n'));
    const done = () => existsSync(`/proc/${running.started.pid}/root/done`);
    await eventually(done, 'the container has written everything');
    const end = closed(slow);
    slow.resume();
    expect(await end).toBe(true);
    await running.write(Buffer.from('\n'));
    expect(await running.exited).toMatchObject({ exitCode: 5 });
  });

  test('shares the output with others', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'read x; echo for all'], { openStdin: true });
    const running = await engine.spawner.startContainer(plan);
    const others = await Promise.all([1, 2, 3].map(() => attachKeeper(container.places.stateDir, { output: true })));
    await running.write(Buffer.from('\n'));
    for (const result of await Promise.all([running, ...others].map(finish))) {
      expect(result).toMatchObject({ stdout: 'for all\n', exit: { exitCode: 0 } });
    }
  });

  test('and talks rubbish is cut off', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    const messages = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      encodeFrame(FRAME.stdin, Buffer.from('x')),
      encodeFrame(FRAME.reply, new Uint8Array()),
    ];
    for (const message of messages) {
      const socket = await connectKeeper(container.places.stateDir);
      const end = closed(socket.resume());
      socket.on('error', () => undefined);
      socket.write(message);
      expect(await end).toBe(true);
    }
    await running.signal(15);
    await running.signal(9);
    expect(await running.exited).toMatchObject({ exitCode: 137 });
  });

  test('beyond the thirty-second is turned away, and makes room when it goes', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    const sockets = await Promise.all(Array.from({ length: 31 }, () => connectKeeper(container.places.stateDir)));
    const last = await connectKeeper(container.places.stateDir);
    expect(await closed(last.resume())).toBe(true);
    for (const socket of sockets) socket.destroy();
    // The keeper learns of the thirty-one that went in its own time.
    const attached = () => attachKeeper(container.places.stateDir, { output: false }).catch(() => null);
    let client = await attached();
    for (let tries = 0; client === null && tries < 100; tries++) client = await attached();
    expect(client).not.toBeNull();
    client?.close();
    await running.signal(9);
    await running.exited;
  });
});

describe('stdin', () => {
  test('stays open when a client goes, unless its end ends it', async () => {
    const container = engine.create();
    const plan = container.plan(['cat'], { openStdin: true, stdinOnce: false });
    const running = await engine.spawner.startContainer(plan);
    const other = await attachKeeper(container.places.stateDir, { output: false });
    await other.write(Buffer.from('one '));
    await other.endInput();
    other.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await running.write(Buffer.from('two'));
    const output = running.output[Symbol.asyncIterator]();
    let seen = '';
    while (!seen.includes('two')) seen += (await nextOutput(output)) ?? 'ended';
    expect(seen).toBe('one two');
    await running.signal(9);
  });

  test('ends with the client that typed, when it is for one', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['cat'], { openStdin: true, stdinOnce: true }));
    const watching = await attachKeeper(container.places.stateDir, { output: true });
    await running.write(Buffer.from('last words'));
    running.close();
    expect(await finish(watching)).toMatchObject({ stdout: 'last words', exit: { exitCode: 0 } });
  });

  test('that the process does not read holds up its client, not the keeper', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'sleep 0.3; cat | dd of=/dev/null bs=1M; exit 7'], {
      openStdin: true,
      stdinOnce: true,
    });
    const running = await engine.spawner.startContainer(plan);
    const written = running.write(new Uint8Array(3 * MEBIBYTE)).then(() => running.endInput());
    const other = await attachKeeper(container.places.stateDir, { output: false });
    await written;
    expect((await finish(running)).exit).toMatchObject({ exitCode: 7 });
    expect(await other.exited).toMatchObject({ exitCode: 7 });
  });
});

test('a client that still writes when the process has ended learns of its end, and the keeper waits for no other', async () => {
  const plan = engine.create().plan(['sh', '-c', 'read x; echo $x; exit 7'], { openStdin: true, stdinOnce: true });
  const running = await engine.spawner.startContainer(plan);
  await running.write(Buffer.from('heard\n'));
  // Longer than the process lives: what it has to tell is here, and not yet read, when the next frame goes out.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await running.endInput();
  expect(await finish(running)).toMatchObject({ exit: { exitCode: 7 }, stdout: 'heard\n' });
  const { keeperPid } = running.started;
  await eventually(() => !existsSync(`/proc/${keeperPid}`), 'the keeper ended');
});
