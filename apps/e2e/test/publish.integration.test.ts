import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { engineNames } from '@berth/client';
import { killComponent, runProgram } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { fetchPage, freePort, page } from './support/pages.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** Answers each request with a page of that text, on port 80. */
const serve = (text: string) => [
  'busybox',
  'sh',
  '-c',
  `mkdir /www; echo ${text} >/www/index.html; exec httpd -f -h /www`,
];

async function publishedPort(name: string, port: string): Promise<string> {
  return (await cli.ok('port', name, port)).split(':').at(-1) ?? '';
}

test('a published port is reached on the host, by neighbours and by the container itself, and is shown', async () => {
  const port = await freePort();
  await cli.ok(
    'run',
    '-d',
    '--name',
    'web',
    '-p',
    `${port}:80`,
    '-p',
    '127.0.0.1::90',
    '--expose',
    '7000',
    ...serve('hello'),
  );
  expect(await page('127.0.0.1', port)).toBe('hello');
  const gateway = await cli.ok('inspect', '-f', '{{.NetworkSettings.Gateway}}', 'web');
  expect(await page(gateway, port)).toBe('hello');
  const get = ['wget', '-qO-', `http://${gateway}:${port}/`];
  expect(await cli.ok('run', '--rm', 'busybox', ...get)).toBe('hello');
  expect(await cli.ok('exec', 'web', ...get)).toBe('hello');
  const local = await publishedPort('web', '90');
  expect(await cli.ok('ps', '--format', '{{.Ports}}', '--filter', `publish=${port}`)).toBe(
    `7000/tcp, 0.0.0.0:${port}->80/tcp, 127.0.0.1:${local}->90/tcp`,
  );
  expect(await cli.ok('port', 'web')).toBe(`80/tcp -> 0.0.0.0:${port}\n90/tcp -> 127.0.0.1:${local}`);
  const settings = JSON.parse(await cli.ok('inspect', '-f', '{{json .NetworkSettings.Ports}}', 'web')) as object;
  expect(settings).toEqual({
    '7000/tcp': null,
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: String(port) }],
    '90/tcp': [{ HostIp: '127.0.0.1', HostPort: local }],
  });
});

test('a port that is in use is an error before the container runs, whoever has it', async () => {
  const port = await publishedPort('web', '80');
  const refused = await cli.berth('run', '--rm', '-p', `${port}:80`, 'busybox', 'echo', 'ran');
  expect(refused).toMatchObject({ code: 125, stdout: '' });
  expect(refused.stderr).toMatch(
    new RegExp(
      `failed to set up container networking: driver failed programming external connectivity on endpoint \\S+ \\([0-9a-f]{64}\\): ` +
        `Bind for 0\\.0\\.0\\.0:${port} failed: port is already allocated`,
    ),
  );
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: other } = server.address() as { port: number };
  const alsoRefused = await cli.berth('run', '--rm', '-p', `${other}:80`, 'busybox', 'echo', 'ran');
  expect(alsoRefused).toMatchObject({ code: 125, stdout: '' });
  expect(alsoRefused.stderr).toContain(`Bind for 0.0.0.0:${other} failed: port is already allocated`);
  // The next of a range is taken instead.
  await cli.ok('run', '-d', '--name', 'next', '-p', `127.0.0.1:${other}-${other + 20}:80`, ...serve('next'));
  const next = Number(await publishedPort('next', '80'));
  expect(next).toBeGreaterThan(other);
  expect(await page('127.0.0.1', next)).toBe('next');
  server.close();
  expect(await cli.ok('ps', '-a', '--format', '{{.Names}}')).toBe('next\nweb');
});

test('of two starts that want one port, one gets it', async () => {
  const port = await freePort();
  const names = ['one', 'two', 'three', 'four'];
  const results = await Promise.all(
    names.map((name) => cli.berth('run', '-d', '--name', name, '-p', `${port}:80`, ...serve(name))),
  );
  const winners = names.filter((_, index) => results[index]?.code === 0);
  expect(winners).toHaveLength(1);
  expect(await page('127.0.0.1', port)).toBe(winners[0]);
  // Nobody waits for a port whose container is gone.
  await cli.ok('rm', '-f', ...winners);
  await cli.ok('run', '-d', '--name', 'after', '-p', `${port}:80`, ...serve('after'));
  expect(await page('127.0.0.1', port)).toBe('after');
  await cli.ok('rm', '-f', ...names.filter((name) => !winners.includes(name)), 'after');
});

test('-P publishes what is exposed, and a restart publishes again', async () => {
  await cli.ok('run', '-d', '--name', 'all', '-P', '--expose', '80', '--expose', '53/udp', ...serve('all'));
  expect(await cli.ok('port', 'all')).toMatch(/^53\/udp -> 0\.0\.0\.0:\d+\n80\/tcp -> 0\.0\.0\.0:\d+$/);
  expect(await page('127.0.0.1', await publishedPort('all', '80'))).toBe('all');
  await cli.ok('stop', '-t', '0', 'all');
  expect(await cli.ok('port', 'all')).toBe('');
  await cli.ok('start', 'all');
  expect(await page('127.0.0.1', await publishedPort('all', '80'))).toBe('all');
  await cli.ok('rm', '-f', 'all');
});

test('a port is published from a network of the user’s, unless nothing leaves it, and comes back with the table', async () => {
  await cli.ok('network', 'create', 'front');
  await cli.ok('network', 'create', '--internal', 'back');
  await cli.ok('run', '-d', '--name', 'fronted', '--network', 'front', '-p', '80', ...serve('front'));
  await cli.ok('run', '-d', '--name', 'hidden', '--network', 'back', '-p', '80', ...serve('back'));
  const port = await publishedPort('fronted', '80');
  expect(await page('127.0.0.1', port)).toBe('front');
  const gateway = await cli.ok('inspect', '-f', '{{.NetworkSettings.Gateway}}', 'web');
  // From another network, and from a neighbour, by an address of the host.
  const get = ['wget', '-qO-', `http://${gateway}:${port}/`];
  expect(await cli.ok('exec', 'web', ...get)).toBe('front');
  expect(await cli.ok('run', '--rm', '--network', 'front', 'busybox', ...get)).toBe('front');
  expect(await cli.ok('port', 'hidden')).toBe('');
  const { table } = engineNames(cli.engine.root);
  await runProgram('nft', ['delete', 'table', 'ip', table]);
  await cli.ok('run', '--rm', '-p', '80', 'busybox', 'true');
  expect(await page('127.0.0.1', port)).toBe('front');
  expect(await cli.ok('exec', 'web', ...get)).toBe('front');
  await cli.ok('rm', '-f', 'fronted', 'hidden');
  await cli.ok('network', 'rm', 'front', 'back');
});

test('a port of a container with IPv6 is one port of both families, and is reached at addresses of the host', async () => {
  await cli.ok('network', 'create', '--ipv6', 'both');
  await cli.ok('run', '-d', '--name', 'dual', '--network', 'both', '-p', '80', '-p', '[::]::90', ...serve('dual'));
  const port = await publishedPort('dual', '80');
  const only6 = await publishedPort('dual', '90');
  expect(await cli.ok('port', 'dual')).toBe(
    `80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}\n90/tcp -> [::]:${only6}`,
  );
  expect(await cli.ok('ps', '--format', '{{.Ports}}', '--filter', 'name=dual')).toBe(
    `0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp, [::]:${only6}->90/tcp`,
  );
  expect(JSON.parse(await cli.ok('inspect', '-f', '{{json .NetworkSettings.Ports}}', 'dual'))).toEqual({
    '80/tcp': [
      { HostIp: '0.0.0.0', HostPort: port },
      { HostIp: '::', HostPort: port },
    ],
    '90/tcp': [{ HostIp: '::', HostPort: only6 }],
  });
  const gateway = await cli.ok('inspect', '-f', '{{.NetworkSettings.Networks.both.IPv6Gateway}}', 'dual');
  expect(await page(`[${gateway}]`, port)).toBe('dual');
  expect(await page('127.0.0.1', port)).toBe('dual');
  const get = ['wget', '-qO-', `http://[${gateway}]:${port}/`];
  expect(await cli.ok('run', '--rm', '--network', 'both', 'busybox', ...get)).toBe('dual');
  expect(await cli.ok('exec', 'dual', ...get)).toBe('dual');
  const taken = await cli.berth('run', '--rm', '--network', 'both', '-p', `[::]:${port}:80`, 'busybox', 'true');
  expect(taken).toMatchObject({ code: 125 });
  expect(taken.stderr).toContain(`Bind for :::${port} failed: port is already allocated`);
  const { table } = engineNames(cli.engine.root);
  await runProgram('nft', ['delete', 'table', 'ip6', table]);
  expect(await page(`[${gateway}]`, port)).toBe('dual');
  await killComponent(cli.engine, 'container-service');
  await cli.engine.start();
  expect(await page(`[${gateway}]`, port)).toBe('dual');
  await cli.ok('rm', '-f', 'dual');
  await cli.ok('network', 'rm', 'both');
});

test('a port that could not be reached is refused, at ::1 and at an address of a family that the container lacks', async () => {
  const local = await cli.berth('run', '--rm', '-p', '[::1]:8080:80', 'busybox', 'true');
  expect(local).toMatchObject({ code: 125 });
  expect(local.stderr).toContain('no port can be published at [::1]');
  const lacking = await cli.berth('run', '--rm', '-p', '[::]::80', 'busybox', 'true');
  expect(lacking).toMatchObject({ code: 125 });
  expect(lacking.stderr).toContain(
    'port 80/tcp cannot be published at ::: the container has no address of that family',
  );
});

test('in the host’s network nothing is published, and the user is told', async () => {
  const { stderr } = await cli.berth('run', '--rm', '--network', 'host', '-p', '80:80', 'busybox', 'true');
  expect(stderr).toBe('WARNING: Published ports are discarded when using host network mode\n');
});

test('what is published outlives the service, the keeper and the table', async () => {
  const port = await publishedPort('web', '80');
  const { table } = engineNames(cli.engine.root);
  await killComponent(cli.engine, 'container-service');
  expect(await fetchPage('127.0.0.1', port)).toBe('hello');
  await cli.engine.start();
  expect(await fetchPage('127.0.0.1', port)).toBe('hello');
  const pid = await cli.ok('inspect', '-f', '{{.State.Pid}}', 'web');
  const [, keeper = ''] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  process.kill(Number(keeper), 'SIGKILL');
  expect(await fetchPage('127.0.0.1', port)).toBe('hello');
  expect((await cli.berth('run', '--rm', '-p', `${port}:80`, 'busybox', 'true')).code).toBe(125);
  await runProgram('nft', ['delete', 'table', 'ip', table]);
  // A start with a port finds the table gone, makes it anew, and puts everything back.
  await cli.ok('run', '--rm', '-p', '80', 'busybox', 'true');
  expect(await fetchPage('127.0.0.1', port)).toBe('hello');
  // Without a start it is noticed after a while.
  await runProgram('nft', ['flush', 'table', 'ip', table]);
  await expect(fetchPage('127.0.0.1', port)).rejects.toThrow();
  expect(await page('127.0.0.1', port)).toBe('hello');
});

test('containers that are gone leave nothing published', async () => {
  await cli.ok('rm', '-f', 'web', 'next');
  await expectNothingLeft(cli.engine);
});
