import { expect, test } from '@jest/globals';
import { openTerminal } from './terminal.ts';

const env = { PATH: process.env.PATH };

test('a program in a terminal reads keys, sees a resize and ends with its code', async () => {
  await using terminal = await openTerminal(['sh', '-c', 'stty size; read line; echo "got $line"; stty size; exit 7'], {
    env,
  });
  await terminal.waitForText('24 80');
  await terminal.resize(30, 100);
  await terminal.type("it's");
  await terminal.press('Enter');
  await terminal.waitForText("got it's");
  expect(await terminal.waitForText('30 100')).toContain('24 80');
  expect(await terminal.exitCode()).toBe(7);
});

test('Ctrl-C reaches the program as SIGINT', async () => {
  await using terminal = await openTerminal(['sh', '-c', 'trap "exit 9" INT; echo ready; sleep 60 & wait'], { env });
  await terminal.waitForText('ready');
  await terminal.press('C-c');
  expect(await terminal.exitCode()).toBe(9);
});
