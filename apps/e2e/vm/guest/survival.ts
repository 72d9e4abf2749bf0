import assert from 'node:assert/strict';
import test from 'node:test';
import { SERVICE_NAMES } from '@berth/client';
import { killComponent } from '@berth/testkit';
import { berth, engine } from './engine.ts';

test('a container outlives every process of the engine, and its exit code is not lost', async () => {
  await berth(
    'run',
    '-d',
    '--name',
    'survivor',
    'busybox',
    'sh',
    '-c',
    'while [ ! -e /stop ]; do sleep 0.1; done; exit 23',
  );
  const pid = await berth('inspect', '--format', '{{.State.Pid}}', 'survivor');
  await Promise.all(
    [...SERVICE_NAMES, 'nats' as const, 'native' as const].map((name) => killComponent(engine(), name)),
  );
  await engine().start();
  assert.equal(await berth('inspect', '--format', '{{.State.Pid}}', 'survivor'), pid);
  await berth('exec', 'survivor', 'touch', '/stop');
  assert.equal(await berth('wait', 'survivor'), '23');
  await berth('rm', 'survivor');
});
