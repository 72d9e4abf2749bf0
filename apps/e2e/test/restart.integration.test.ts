import { expect, test } from '@jest/globals';
import { waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

test('pause stops the clock of every process, and unpause lets it go on', async () => {
  await cli.ok('run', '-d', '--name', 'clock', 'busybox', 'sh', '-c', 'while :; do echo tick; sleep 0.02; done');
  const ticks = async (): Promise<number> => (await cli.ok('logs', 'clock')).split('\n').length;
  expect(await cli.ok('pause', 'clock')).toBe('clock');
  expect(await cli.ok('ps', '--filter', 'status=paused')).toMatch(/ Up .* \(Paused\) +clock$/m);
  expect((await cli.berth('exec', 'clock', 'true')).stderr).toContain('is paused, unpause the container before exec');
  const frozenAt = await ticks();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await ticks()).toBe(frozenAt);
  expect(await cli.ok('unpause', 'clock')).toBe('clock');
  await waitFor(async () => (await ticks()) > frozenAt, { what: 'the next tick' });
  await cli.ok('pause', 'clock');
  expect(await cli.ok('rm', '-f', 'clock')).toBe('clock');
});

test('a container with a policy starts again until it has failed often enough', async () => {
  await cli.ok('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'echo run; exit 3');
  await waitFor(async () => (await cli.ok('ps', '-a')).includes('Exited (3)'), { what: 'the last exit' });
  expect(await cli.ok('inspect', '-f', '{{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}', 'again')).toBe(
    '2 on-failure',
  );
  expect(await cli.ok('logs', 'again')).toBe('run\nrun\nrun');
  await cli.ok('update', '--restart', 'always', 'again');
  await cli.ok('start', 'again');
  await waitFor(async () => (await cli.ok('ps')).includes('Restarting (3)'), { what: 'a restart' });
  await cli.ok('stop', 'again');
  expect(await cli.ok('ps', '-a')).toContain('Exited (3)');
  await cli.ok('rm', 'again');
});

test('restart gives a container a new process, also one with --rm', async () => {
  await cli.ok('run', '-d', '--rm', '--name', 'web', 'busybox', 'sleep', '100');
  const pid = await cli.ok('inspect', '-f', '{{.State.Pid}}', 'web');
  expect(await cli.ok('restart', '-t', '0', 'web')).toBe('web');
  expect(await cli.ok('inspect', '-f', '{{.State.Pid}}', 'web')).not.toBe(pid);
  await cli.ok('rename', 'web', 'front');
  expect(await cli.ok('ps', '--format', '{{.Names}}')).toBe('front');
  await cli.ok('kill', 'front');
  await waitFor(async () => (await cli.ok('ps', '-aq')) === '', { what: 'the removal' });
});

test('prune asks, then removes what does not run', async () => {
  await cli.ok('run', '-d', '--name', 'stays', 'busybox', 'sleep', '100');
  const id = await cli.ok('create', '--name', 'goes', 'busybox');
  const asked = await cli.engine.berth(['container', 'prune'], { input: 'n\n' });
  expect(asked.stdout).toBe(
    'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ',
  );
  // As docker 28 has it: a no is no failure.
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(await cli.ok('ps', '-a', '--format', '{{.Names}}')).toContain('goes');
  expect(await cli.ok('container', 'prune', '-f')).toBe(`Deleted Containers:\n${id}\n\nTotal reclaimed space: 0B`);
  expect(await cli.ok('ps', '-a', '--format', '{{.Names}}')).toBe('stays');
  const told = ['events', '--since', '1h', '--until', '0s', '--filter', 'event=prune'];
  await waitFor(async () => /^\S+ container prune  \(reclaimed=0\)$/.test(await cli.ok(...told)), {
    what: 'the event',
  });
  await cli.ok('rm', '-f', 'stays');
});

test('a health check tells how a container is, and what its health asks for is done', async () => {
  const check = ['--health-cmd', 'echo looked; test -e /well', '--health-interval', '50ms', '--health-retries', '2'];
  await cli.ok('run', '-d', '--name', 'patient', ...check, 'busybox', 'sleep', '100');
  await waitFor(async () => (await cli.ok('ps')).includes('(unhealthy)'), { what: 'the bad news' });
  await cli.ok('exec', 'patient', 'touch', '/well');
  await waitFor(async () => (await cli.ok('ps', '--filter', 'health=healthy')).includes('(healthy)'), {
    what: 'the recovery',
  });
  const told = ['events', '--since', '1h', '--until', '0s', '--filter', 'container=patient'];
  await waitFor(async () => (await cli.ok(...told)).includes(' container health_status: healthy '), {
    what: 'the good news',
  });
  const health = JSON.parse(await cli.ok('inspect', '-f', '{{json .State.Health}}', 'patient')) as object;
  expect(health).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
  expect(JSON.stringify(health)).toContain('looked\\n');
  await cli.ok('rm', '-f', 'patient');

  const slow = ['--health-cmd', 'sleep 60', '--health-interval', '50ms', '--health-timeout', '100ms'];
  const action = ['--health-retries', '1', '--health-on-failure', 'kill'];
  await cli.ok('run', '-d', '--name', 'slow', ...slow, ...action, 'busybox', 'sleep', '100');
  await waitFor(async () => (await cli.ok('ps', '-a')).includes('Exited (137)'), { what: 'the kill' });
  expect(await cli.ok('inspect', '-f', '{{(index .State.Health.Log 0).Output}}', 'slow')).toBe(
    'Health check exceeded timeout (100ms)',
  );
  await cli.ok('rm', 'slow');
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));
