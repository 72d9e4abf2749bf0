import { expect, test } from '@jest/globals';
import { runProgram } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

const inspect = (name: string, path: string) =>
  cli.ok('inspect', '--format', `{{with index .NetworkSettings.Networks "six"}}{{${path}}}{{end}}`, name);

test('a network with IPv6 has a prefix of its own, and shows it', async () => {
  const id = await cli.ok('network', 'create', '--ipv6', 'six');
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await cli.ok('network', 'ls', '--filter', 'name=six', '--format', '{{.Name}} {{.IPv4}} {{.IPv6}}')).toBe(
    'six true true',
  );
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}{{.EnableIPv6}}';
  expect(await cli.ok('network', 'inspect', '--format', format, 'six')).toMatch(
    /^\d+\.\d+\.\d+\.0\/\d+ \S+ (fd[0-9a-f:]+::)\/64 \1(1) true$/,
  );
});

test('containers on it fetch from each other by name and by address, over IPv6', async () => {
  const serve = 'mkdir /www; echo page > /www/index.html; exec httpd -f -p "[::]:80" -h /www';
  await cli.ok('run', '-d', '--name', 'web', '--network', 'six', 'busybox', 'sh', '-c', serve);
  const address = await inspect('web', '.GlobalIPv6Address');
  expect(address).toMatch(/^fd[0-9a-f:]+::2$/);
  expect(await inspect('web', '.IPv6Gateway')).toBe(address.replace(/2$/, '1'));
  const fetch = (target: string) => `until wget -q -O - ${target}; do :; done`;
  const script = `${fetch(`http://[${address}]`)}; ping -6 -c1 -W2 web >&2 && ${fetch('http://web')}; ip -6 route`;
  const output = await cli.ok('run', '--rm', '--network', 'six', 'busybox', 'sh', '-c', script);
  expect(output.split('\n').slice(0, 2)).toEqual(['page', 'page']);
  expect(output).toContain(`default via ${address.replace(/2$/, '1')} dev eth0`);
});

test('a container on another network with IPv6 does not reach them', async () => {
  await cli.ok('network', 'create', '--ipv6', 'other');
  const address = await inspect('web', '.GlobalIPv6Address');
  const gateway = 'ip -6 route | sed -n "s/^default via \\(\\S*\\).*/\\1/p"';
  const script = `ping -6 -c1 -W2 $(${gateway}) > /dev/null && ! ping -6 -c1 -W1 ${address} > /dev/null && echo apart`;
  expect(await cli.ok('run', '--rm', '--network', 'other', 'busybox', 'sh', '-c', script)).toBe('apart');
  await cli.ok('network', 'rm', 'other');
});

test('a container whose own sysctl keeps IPv6 off has none, also there', async () => {
  const sysctl = ['--sysctl', 'net.ipv6.conf.all.disable_ipv6=1'];
  const script = 'ip -6 addr; grep -c : /etc/hosts; ip route | grep -c default';
  expect(await cli.ok('run', '--rm', '--network', 'six', ...sysctl, 'busybox', 'sh', '-c', script)).toBe('0\n1');
});

test('an address that is asked for is given once; one on a network without IPv6 is refused', async () => {
  await cli.ok('network', 'create', '--ipv6', '--ipv4=false', '--subnet', 'fd00:e2e::/64', '--internal', 'alone');
  const asked = ['--network', 'name=alone,ip6=fd00:e2e::50', 'busybox', 'sleep', '1000'];
  await cli.ok('run', '-d', '--name', 'fixed', ...asked);
  expect((await cli.berth('run', '--rm', ...asked)).stderr).toContain('Address already in use');
  expect((await cli.berth('run', '--rm', '--ip6', 'fd00::5', 'busybox', 'true')).stderr).toContain(
    'user specified IP address is supported on user defined networks only',
  );
  expect((await cli.berth('network', 'create', '--subnet', 'fd00:5::/64', 'x')).stderr).toContain(
    'invalid subnet fd00:5::/64: IPv6 is not enabled on this network',
  );
  await cli.ok('network', 'connect', '--ip6', 'fd00:e2e::7', 'alone', 'web');
  expect(await cli.ok('exec', 'web', 'ping', '-6', '-c1', '-W2', 'fd00:e2e::50')).toContain('1 packets received');
});

test('a bridge that somebody has removed comes back with its addresses of both families', async () => {
  await cli.ok('rm', '-f', 'web');
  const bridge = `br-${(await cli.ok('network', 'inspect', '--format', '{{.Id}}', 'six')).slice(0, 12)}`;
  await runProgram('ip', ['link', 'del', bridge]);
  const script =
    'for family in 4 6; do ping -$family -c1 -W2 "$(ip -$family route | sed -n "s/^default via \\(\\S*\\).*/\\1/p")"; done';
  const output = await cli.ok('run', '--rm', '--network', 'six', 'busybox', 'sh', '-c', script);
  expect(output.match(/1 packets received/g)).toHaveLength(2);
});

test('containers and networks that are gone leave nothing', async () => {
  await cli.ok('rm', '-f', 'fixed');
  await cli.ok('network', 'rm', 'six', 'alone');
  await expectNothingLeft(cli.engine);
});
