import { expect, test } from '@jest/globals';
import { BERTH_COMMAND, openTerminal, waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();
const open = (...args: string[]) => openTerminal([BERTH_COMMAND, ...args], { env: cli.engine.env });

test('run -it is a shell that one can work in', async () => {
  await using terminal = await open('run', '-it', '--rm', 'busybox', 'sh');
  await terminal.waitForText('/ #');
  await terminal.type('echo $((6*7)); tty; stty size');
  await terminal.press('Enter');
  expect(await terminal.waitForText('24 80')).toMatch(/^42\n\/dev\/pts\/0\n24 80$/m);

  await terminal.resize(30, 100);
  await terminal.type('stty size');
  await terminal.press('Enter');
  await terminal.waitForText(/^30 100$/m);

  await terminal.type('echo asleep; sleep 1000');
  await terminal.press('Enter');
  // The shell takes Ctrl-C for a character as long as it edits the line.
  await terminal.waitForText(/^asleep$/m);
  await terminal.press('C-c');
  await terminal.type('echo code $?');
  await terminal.press('Enter');
  await terminal.waitForText(/^code 130$/m);

  await terminal.type('exit 9');
  await terminal.press('Enter');
  expect(await terminal.exitCode()).toBe(9);
});

test('a line feed that a program prints raw only moves the cursor down', async () => {
  const script = String.raw`stty raw; printf 'ab\ncd\r\nef'`;
  await using terminal = await open('run', '-it', '--rm', 'busybox', 'sh', '-c', script);
  expect(await terminal.exitCode()).toBe(0);
  expect(await terminal.screen()).toMatch(/^ab\n {2}cd\nef/);
});

test('Ctrl-D ends the shell with the code of its last command', async () => {
  await using terminal = await open('run', '-it', '--rm', 'busybox', 'sh');
  await terminal.waitForText('/ #');
  await terminal.type('false');
  await terminal.press('Enter');
  await terminal.press('C-d');
  expect(await terminal.exitCode()).toBe(1);
});

test('Ctrl-C ends a program that listens to it', async () => {
  await using terminal = await open('run', '-it', '--rm', 'busybox', 'sh', '-c', 'echo ready; sleep 1000; echo woken');
  await terminal.waitForText('ready');
  await terminal.press('C-c');
  expect(await terminal.exitCode()).toBe(130);
});

test('the terminal is sane again afterwards', async () => {
  const script = `stty -g > before; ${BERTH_COMMAND} run -it --rm busybox true; stty -g > after; cmp before after && echo same`;
  await using terminal = await openTerminal(['sh', '-c', `cd ${cli.engine.root} && ${script}`], {
    env: cli.engine.env,
  });
  await terminal.waitForText('same');
});

test('ctrl-p ctrl-q leaves the container running; attach comes back', async () => {
  await using terminal = await open('run', '-it', '--name', 'left', 'busybox', 'sh');
  await terminal.waitForText('/ #');
  await terminal.press('C-p', 'C-q');
  expect(await terminal.exitCode()).toBe(0);
  expect(await cli.ok('ps', '-q')).not.toBe('');

  await using again = await open('attach', 'left');
  await again.press('Enter');
  await again.waitForText('/ #');
  await again.type('exit 6');
  await again.press('Enter');
  expect(await again.exitCode()).toBe(6);
  await cli.ok('rm', 'left');
});

test('exec -it gives a second shell', async () => {
  await cli.ok('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000');
  await using terminal = await open('exec', '-it', 'host', 'sh');
  await terminal.waitForText('/ #');
  await terminal.type('cat /proc/1/comm; stty size');
  await terminal.press('Enter');
  await terminal.waitForText(/^sleep\n24 80$/m);
  await terminal.type('exit 4');
  await terminal.press('Enter');
  expect(await terminal.exitCode()).toBe(4);
  await cli.ok('rm', '-f', 'host');
});

test('the container survives its terminal', async () => {
  await using terminal = await open('run', '-it', '--name', 'orphan', 'busybox', 'sh', '-c', 'trap "" HUP; sleep 1000');
  await waitFor(async () => (await cli.ok('ps', '-q')) !== '', { what: 'the container' });
  await terminal[Symbol.asyncDispose]();
  expect(await cli.ok('inspect', '--format', '{{.State.Status}}', 'orphan')).toBe('running');
  await cli.ok('rm', '-f', 'orphan');
});

test('-t needs a terminal', async () => {
  expect(await cli.berth('run', '-it', '--rm', 'busybox', 'true')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'the input device is not a TTY\n',
  });
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));
