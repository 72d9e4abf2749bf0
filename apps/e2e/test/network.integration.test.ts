import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { engineNames } from '@berth/client';
import { runProgram } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** The engine's bridge has its address once the service runs. */
function gatewayAddress(): string {
  const { bridge } = engineNames(cli.engine.root);
  const address = networkInterfaces()[bridge]?.find(({ family }) => family === 'IPv4')?.address;
  if (address === undefined) throw new Error(`${bridge} has no address`);
  return address;
}

test('a container reaches the host’s bridge address', async () => {
  await cli.ok('run', '--rm', 'busybox', 'true');
  const server = createServer((socket) => socket.end('hello from the host\n'));
  server.listen(0, gatewayAddress());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const output = await cli.ok('run', '--rm', 'busybox', 'nc', gatewayAddress(), String(port));
  server.close();
  expect(output).toBe('hello from the host');
});

test('a container has an address, a default route, and files that tell of them', async () => {
  const script = 'ip -4 -o addr show eth0; ip route; cat /etc/hosts; cat /etc/hostname; hostname';
  const output = await cli.ok('run', '--rm', '--hostname', 'me', 'busybox', 'sh', '-c', script);
  const address = /inet (\d+\.\d+\.\d+\.\d+)\/16/.exec(output)?.[1];
  expect(output).toContain(`default via ${gatewayAddress()} dev eth0`);
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
  const { table } = engineNames(cli.engine.root);
  const rules = await runProgram('nft', ['list', 'table', 'ip', table]);
  expect(rules.stdout).toMatch(/oifname != "br-[0-9a-f]{8}" masquerade/);
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));
