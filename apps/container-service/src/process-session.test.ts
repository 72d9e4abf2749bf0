import { describe, expect, test } from '@jest/globals';
import type { ProcessConnection, ProcessExit } from './ports/process.ts';
import { endOfSession } from './process-session.ts';

const EXIT: ProcessExit = { exitCode: 3, oomKilled: false, timeNs: 0n, error: '' };
const UNKNOWN: ProcessExit = { ...EXIT, exitCode: 137, error: 'its keeper ended' };

function aConnection(exited: Promise<ProcessExit>): ProcessConnection {
  const nothing = (): void => {};
  exited.catch(nothing);
  async function* output(): AsyncGenerator<never> {}
  const calls = { endInput: nothing, resize: nothing, signal: nothing, killAll: nothing, close: nothing };
  return { output: output(), exited, write: () => Promise.resolve(), ...calls };
}

const lost = () => aConnection(Promise.reject(new Error('lost')));
const never = new Promise<ProcessExit>(() => {});

describe('the end of a session', () => {
  test('is that of the process', async () => {
    const connection = aConnection(Promise.resolve(EXIT));
    expect(await endOfSession(connection, () => false, Promise.resolve(EXIT))).toBe(EXIT);
  });

  test('of a client that was cut off is an error, at once', async () => {
    await expect(endOfSession(lost(), () => true, never)).rejects.toMatchObject({ reason: 'ABORTED' });
  });

  test('of a client that was cut off is an error although the process has ended meanwhile', async () => {
    await expect(endOfSession(lost(), () => false, Promise.resolve(EXIT))).rejects.toThrow('too slow');
  });

  test('without a keeper is an end of which only the fact is known', async () => {
    expect(await endOfSession(lost(), () => false, Promise.resolve(UNKNOWN))).toBe(UNKNOWN);
  });
});
