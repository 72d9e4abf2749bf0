import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { engineStatus, type ComponentName } from '@berth/launcher';
import { createTemporaryDirectory, waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** Kills processes of the engine, all or these, and returns when they are gone. */
async function killAll(...names: ComponentName[]): Promise<void> {
  const { paths, env } = cli.engine;
  const pids = (await engineStatus(paths, env)).flatMap(({ name, pid }) =>
    pid !== null && (names.length === 0 || names.includes(name)) ? [pid] : [],
  );
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await waitFor(() => !pids.some(isAlive), { what: 'the end of the engine' });
}

const ticking = 'i=0; while [ ! -e /stop ]; do i=$((i+1)); echo tick $i; sleep 0.05; done; exit 23';

test('a container runs on when every process of the engine is killed, and its exit code is not lost', async () => {
  const id = await cli.ok('run', '-d', '--name', 'survivor', 'busybox', 'sh', '-c', ticking);
  const pid = Number(await cli.ok('inspect', '--format', '{{.State.Pid}}', 'survivor'));
  await killAll();
  process.kill(pid, 0);

  await cli.engine.start();
  expect(await cli.ok('ps', '-q', '--no-trunc')).toBe(id);
  expect(await cli.ok('inspect', '--format', '{{.State.Pid}}', 'survivor')).toBe(String(pid));
  await cli.ok('exec', 'survivor', 'touch', '/stop');
  expect(await cli.ok('wait', 'survivor')).toBe('23');
  const ticks = (await cli.ok('logs', 'survivor')).split('\n');
  expect(ticks).toEqual(ticks.map((_, index) => `tick ${index + 1}`));
  await cli.ok('rm', 'survivor');
});

test('an exit that happens while the engine is down is found afterwards', async () => {
  using directory = createTemporaryDirectory();
  const script = 'until [ -e /d/go ]; do sleep 0.05; done; echo last words; exit 42';
  await cli.ok('run', '-d', '--name', 'quiet', '-v', `${directory.path}:/d`, 'busybox', 'sh', '-c', script);
  const pid = Number(await cli.ok('inspect', '--format', '{{.State.Pid}}', 'quiet'));
  await killAll();
  writeFileSync(join(directory.path, 'go'), '');
  await waitFor(() => !isAlive(pid), { what: 'the end of the container' });
  await cli.engine.start();
  expect(await cli.ok('wait', 'quiet')).toBe('42');
  expect(await cli.ok('logs', 'quiet')).toBe('last words');
  expect(await cli.ok('ps', '-a')).toContain('Exited (42)');
  await cli.ok('rm', 'quiet');
});

test('a foreground run says that the service went, and the container runs on', async () => {
  const running = cli.berth('run', '--name', 'front', 'busybox', 'sleep', '100');
  await waitFor(async () => (await cli.ok('ps', '-q')) !== '', { what: 'the container' });
  await killAll('container-service');
  const result = await running;
  expect(result.code).toBe(125);
  await cli.engine.start();
  expect(await cli.ok('inspect', '--format', '{{.State.Status}}', 'front')).toBe('running');
  await cli.ok('rm', '-f', 'front');
});

test('the spawner can be killed at any time', async () => {
  await cli.ok('run', '-d', '--name', 'kept', 'busybox', 'sh', '-c', 'sleep 1; exit 8');
  await killAll('native');
  await cli.engine.start();
  expect(await cli.ok('run', '--rm', 'busybox', 'echo', 'again')).toBe('again');
  expect(await cli.ok('wait', 'kept')).toBe('8');
  await cli.ok('rm', 'kept');
});

test('without NATS the engine works on, and no event is lost', async () => {
  await killAll('nats');
  const id = await cli.ok('run', '-d', '--name', 'unheard', 'busybox', 'true');
  await cli.ok('wait', 'unheard');
  await cli.ok('rm', 'unheard');
  await cli.engine.start();
  const told = async () => {
    const until = (Date.now() / 1000).toFixed(3);
    const output = await cli.ok('events', '--since', '1h', '--until', until, '--filter', `container=${id}`);
    return output.includes(' destroy ') ? output : null;
  };
  const output = await waitFor(told, { what: 'the events', timeoutMs: 20_000 });
  expect(output.match(/ (create|start|die|destroy) /g)).toEqual([' create ', ' start ', ' die ', ' destroy ']);
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
