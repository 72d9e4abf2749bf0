import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { expect, test } from '@jest/globals';
import { engineNames } from '@berth/client';
import { runProgram } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** The address of the engine's bridge, as a container sees it. */
async function gatewayAddress(): Promise<string> {
  const routes = await cli.ok('run', '--rm', 'busybox', 'ip', 'route');
  return /^default via (\S+) dev eth0/m.exec(routes)?.[1] ?? '';
}

test('a container reaches the host’s bridge address', async () => {
  const address = await gatewayAddress();
  const server = createServer((socket) => socket.end('hello from the host\n'));
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const output = await cli.ok('run', '--rm', 'busybox', 'nc', address, String(port));
  server.close();
  expect(output).toBe('hello from the host');
});

test('a container has an address, a default route, and files that tell of them', async () => {
  const script = 'ip -4 -o addr show eth0; ip route; cat /etc/hosts; cat /etc/hostname; hostname';
  const output = await cli.ok('run', '--rm', '--hostname', 'me', 'busybox', 'sh', '-c', script);
  const address = /inet (\d+\.\d+\.\d+\.\d+)\//.exec(output)?.[1];
  expect(output).toContain(`default via ${await gatewayAddress()} dev eth0`);
  expect(output).toMatch(new RegExp(`^${address}\\s+me$`, 'm'));
  expect(output).toContain('\nme\nme');
});

test('containers reach each other', async () => {
  await cli.ok('run', '-d', '--name', 'server', 'busybox', 'sh', '-c', 'while :; do echo answer | nc -l -p 7000; done');
  const address = await cli.ok('inspect', '--format', '{{.NetworkSettings.IPAddress}}', 'server');
  const script = `for i in 1 2 3 4 5; do nc -w 2 ${address} 7000 && exit 0; sleep 0.2; done; exit 1`;
  expect(await cli.ok('run', '--rm', 'busybox', 'sh', '-c', script)).toBe('answer');
  await cli.ok('rm', '-f', 'server');
});

test('--network none has a loopback and nothing else', async () => {
  const script = 'ls /sys/class/net; ip route; ping -c 1 -W 1 127.0.0.1 > /dev/null && echo loopback';
  expect(await cli.ok('run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', script)).toBe('lo\nloopback');
});

test('--network host is the host’s', async () => {
  const { bridge } = engineNames(cli.engine.root);
  const output = await cli.ok('run', '--rm', '--network', 'host', 'busybox', 'sh', '-c', 'ls /sys/class/net; hostname');
  expect(output.split('\n')).toEqual(expect.arrayContaining([bridge, hostname()]));
});

test('the packet filter masquerades what leaves the bridge', async () => {
  const { table, bridge } = engineNames(cli.engine.root);
  const set = await runProgram('nft', ['list', 'set', 'ip', table, 'masqueraded']);
  expect(set.stdout).toContain(`elements = { "${bridge}" }`);
  const rules = await runProgram('nft', ['list', 'chain', 'ip', table, 'postrouting']);
  expect(rules.stdout).toContain('iifname @masqueraded masquerade');
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));
