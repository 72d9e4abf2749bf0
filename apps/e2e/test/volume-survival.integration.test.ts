import { setTimeout as sleep } from 'node:timers/promises';
import { killComponent } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();
const NAMES = ['kept-0', 'kept-1', 'kept-2', 'kept-3'];

/** Makes and removes containers with a named and an anonymous volume, as often as it can; what fails was killed. */
async function churn(volume: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await cli.berth('run', '--rm', '-v', `${volume}:/v`, '-v', '/anonymous', 'busybox', 'sh', '-c', 'echo 1 >> /v/log');
    await cli.berth('create', '--name', `c-${volume}`, '-v', `${volume}:/v`, '-v', '/anonymous', 'busybox', 'true');
    await cli.berth('rm', '-fv', `c-${volume}`);
  }
}

test('no volume is lost, and none stays in use, when the services are killed while containers come and go', async () => {
  for (const name of NAMES) await cli.ok('run', '--rm', '-v', `${name}:/v`, 'busybox', 'sh', '-c', 'echo 0 > /v/log');
  const stopping = new AbortController();
  const churns = NAMES.map((name) => churn(name, stopping.signal));
  for (let round = 0; round < 4; round++) {
    await sleep(150 + round * 90);
    await killComponent(cli.engine, round % 2 === 0 ? 'volume-service' : 'container-service');
    await cli.engine.start();
  }
  stopping.abort();
  await Promise.all(churns);
  for (const name of NAMES) await cli.berth('rm', '-fv', `c-${name}`);
  await cli.ok('container', 'prune', '-f');
  // What was interrupted is cleaned up in the background.
  for (let patience = 100; (await cli.ok('volume', 'ls', '-q', '-f', 'dangling=false')) !== ''; patience--) {
    if (patience === 0) throw new Error(`still in use: ${await cli.ok('volume', 'ls', '-s')}`);
    await sleep(100);
  }
  expect((await cli.ok('volume', 'ls', '-q', '-f', 'name=kept-')).split('\n')).toEqual(NAMES);
  for (const name of NAMES) {
    expect(await cli.ok('run', '--rm', '-v', `${name}:/v`, 'busybox', 'head', '-n', '1', '/v/log')).toBe('0');
  }
  await cli.ok('volume', 'rm', ...NAMES);
  await cli.ok('volume', 'prune', '-f');
  expect(await cli.ok('volume', 'ls', '-q')).toBe('');
});
