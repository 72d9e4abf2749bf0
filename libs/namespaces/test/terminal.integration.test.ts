import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningProcess } from '../src/index.ts';
import { finish, nextOutput, startTestEngine, type TestEngine } from './test-engine.ts';
import { planProcess } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const TERMINAL = { terminal: true, terminalSize: { rows: 30, columns: 100 } };

/** Reads until the text has come, and gives what came with it. */
async function readUntil(output: ReturnType<typeof outputOf>, text: string) {
  let seen = '';
  while (!seen.includes(text)) {
    const next = await nextOutput(output);
    if (next === null) throw new Error(`the output ended before "${text}": ${seen}`);
    seen += next;
  }
  return seen;
}

const outputOf = (running: RunningProcess) => running.output[Symbol.asyncIterator]();

describe('a terminal', () => {
  test('is the process own controlling terminal, of the size asked for', async () => {
    const script =
      'stty size; for fd in 0 1; do readlink /proc/self/fd/$fd; done; echo ok > /dev/tty; echo console > /dev/console';
    const plan = { ...engine.create().plan([]), process: planProcess(['sh', '-c', script], TERMINAL) };
    const devices = [...plan.devices, { path: '/dev/tty', mode: 0o020666, major: 5, minor: 0, userId: 0, groupId: 0 }];
    const { stdout, exit } = await finish(await engine.spawner.startContainer({ ...plan, devices }));
    expect(stdout).toBe('30 100\r\n/dev/pts/0\r\n/dev/pts/0\r\nok\r\nconsole\r\n');
    expect(exit).toMatchObject({ exitCode: 0 });
  });

  test('takes input, control characters and a new size', async () => {
    const plan = { ...engine.create().plan([]), process: planProcess(['sh'], TERMINAL), openStdin: true };
    const running = await engine.spawner.startContainer(plan);
    const output = outputOf(running);
    await running.write(Buffer.from('echo a$((1+1))b\n'));
    await readUntil(output, 'a2b');
    await running.resize(44, 133);
    await running.write(Buffer.from('stty size\n'));
    await readUntil(output, '44 133');
    await running.write(Buffer.from("sh -c 'echo slee''ping; sleep 1000'\n"));
    await readUntil(output, 'sleeping');
    await running.write(Buffer.from('\x03'));
    await readUntil(output, '# ');
    await running.write(Buffer.from('echo code=$?\n'));
    await readUntil(output, 'code=130');
    await running.write(Buffer.from('exit 9\n'));
    for (; (await output.next()).done !== true;);
    expect(await running.exited).toMatchObject({ exitCode: 9 });
  });

  test('ends a shell with its end-of-file character', async () => {
    const plan = { ...engine.create().plan([]), process: planProcess(['sh'], TERMINAL), openStdin: true };
    const running = await engine.spawner.startContainer(plan);
    const output = outputOf(running);
    // Before its prompt the shell has not taken the terminal over, and the character would be lost.
    await readUntil(output, '# ');
    await running.write(Buffer.from('\x04'));
    for (; (await output.next()).done !== true;);
    expect(await running.exited).toMatchObject({ exitCode: 0 });
  });

  test('loses nothing of what is printed just before the end', async () => {
    const script = 'i=0; while [ $i -lt 2000 ]; do echo "line $i of the output"; i=$((i+1)); done';
    const plan = { ...engine.create().plan([]), process: planProcess(['sh', '-c', script], TERMINAL) };
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout.split('\r\n').length).toBe(2001);
    expect(stdout).toContain('line 1999 of the output\r\n');
  });
});
