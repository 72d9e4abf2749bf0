// Networks whose containers are on an interface of the host: what of it the kernels that build Berth often lack.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { killComponent, waitFor } from '@berth/testkit';
import { berth, engine } from './engine.ts';

const interfaces = (): string[] => readdirSync('/sys/class/net');
const ip = (words: string): Buffer => execFileSync('ip', words.split(' '));

/** Tells which of some addresses a container reaches. */
async function reached(container: string, ...addresses: string[]): Promise<string> {
  const script = 'for a; do ping -c 1 -W 5 $a >/dev/null && echo $a; done; true';
  return (await berth('exec', container, 'sh', '-c', script, '-', ...addresses)).replaceAll('\n', ' ');
}

function sleeper(name: string, ...options: string[]): Promise<string> {
  return berth('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '1000');
}

async function createNetwork(driver: string, name: string, ...words: string[]): Promise<string> {
  return (await berth('network', 'create', '-d', driver, ...words, name)).slice(0, 12);
}

async function refusal(...args: string[]): Promise<string> {
  const { code, stderr } = await engine().berth(args);
  assert.notEqual(code, 0);
  return stderr;
}

void describe('a network on an interface of the host', () => {
  before(async () => {
    // A neighbour at the other end of a cable, which routes what it has no other way for to this host.
    const others = interfaces();
    ip('link add par0 type veth');
    const far = interfaces().find((name) => name !== 'par0' && !others.includes(name)) ?? '';
    await sleeper('neighbour', '--network', 'none', '--sysctl', 'net.ipv6.conf.default.accept_dad=0');
    ip(`link set ${far} netns ${await berth('inspect', '--format', '{{.State.Pid}}', 'neighbour')}`);
    const script = [
      `ip link set ${far} up && ip addr add 10.60.0.200/24 dev ${far} && ip -6 addr add fd00:60::200/64 dev ${far}`,
      'ip route add default via 10.60.0.254',
    ].join(' && ');
    await berth('exec', '--privileged', 'neighbour', 'sh', '-c', script);
    ip('link set par0 up');
    ip('addr add 10.60.0.254/24 dev par0');
  });

  after(async () => {
    await berth('rm', '-f', 'neighbour');
  });

  test('containers of an ipvlan network reach each other and a neighbour of their parent, from when they are connected', async () => {
    const subnets = ['--subnet', '10.60.0.0/24', '--gateway', '10.60.0.200', '--ipv6', '--subnet', 'fd00:60::/64'];
    await createNetwork('ipvlan', 'two', '-o', 'parent=par0', ...subnets);
    await sleeper('fixed', '--network', 'two', '--ip', '10.60.0.50', '--ip6', 'fd00:60::50');
    await sleeper('later');
    await berth('network', 'connect', '--ip', '10.60.0.51', 'two', 'later');
    const all = '10.60.0.50 10.60.0.200 fd00:60::50 fd00:60::200';
    assert.equal(await reached('later', ...all.split(' ')), all);
    assert.match(await berth('exec', 'fixed', 'ip', 'route'), /^default via 10\.60\.0\.200 dev eth0/);
    await berth('network', 'disconnect', 'two', 'later');
    assert.equal(await reached('later', '10.60.0.50'), '');
    assert.match(await refusal('network', 'rm', 'two'), /network two has active endpoints/);
    assert.match(
      await refusal('network', 'create', '-d', 'ipvlan', '-o', 'parent=par0', '-o', 'ipvlan_mode=l3', 'three'),
      /network two is already using parent interface par0 in another mode/,
    );
    await berth('rm', '-f', 'fixed', 'later');
    await berth('network', 'rm', 'two');
  });

  test('an ipvlan network in mode l3 is routed by its host, and one with the flag private keeps its containers apart', async () => {
    const options = ['-o', 'parent=par0', '-o', 'ipvlan_mode=l3', '-o', 'ipvlan_flag=private'];
    await createNetwork('ipvlan', 'three', ...options, '--subnet', '10.61.0.0/24');
    await sleeper('one', '--network', 'three');
    await sleeper('other', '--network', 'three');
    assert.match(await berth('exec', 'one', 'ip', 'route'), /^default dev eth0/);
    assert.equal(await reached('one', '10.61.0.2', '10.60.0.200'), '10.60.0.200');
    assert.equal(await reached('neighbour', '10.61.0.1', '10.61.0.2'), '10.61.0.1 10.61.0.2');
    await berth('rm', '-f', 'one', 'other');
    await berth('network', 'rm', 'three');
  });

  test('a network without a parent has one of its own, and its containers reach nothing but each other', async () => {
    for (const [driver, prefix] of [
      ['macvlan', 'dm-'],
      ['ipvlan', 'di-'],
    ] as const) {
      const parent = `${prefix}${await createNetwork(driver, 'closed', '--subnet', '10.62.0.0/24')}`;
      assert(interfaces().includes(parent));
      await sleeper('one', '--network', 'closed', '--ip', '10.62.0.5');
      const run = ['run', '--rm', '--network', 'closed', 'busybox', 'sh', '-c', 'ip route; ping -c 1 -W 5 10.62.0.5'];
      assert.doesNotMatch(await berth(...run), /default/);
      await berth('rm', '-f', 'one');
      await berth('network', 'rm', 'closed');
      assert(!interfaces().includes(parent));
    }
  });

  test('a VLAN is made for the first network on it and removed with the last, unless it was there before', async () => {
    await createNetwork('macvlan', 'a', '-o', 'parent=par0.50', '--subnet', '10.63.0.0/24');
    await createNetwork('macvlan', 'b', '-o', 'parent=par0.50', '--subnet', '10.64.0.0/24');
    await sleeper('one', '--network', 'a');
    const pinged = await berth('run', '--rm', '--network', 'a', 'busybox', 'ping', '-c', '1', '-W', '5', '10.63.0.2');
    assert.match(pinged, /1 packets received/);
    await berth('rm', '-f', 'one');
    await berth('network', 'rm', 'a');
    assert(interfaces().includes('par0.50'));
    await killComponent(engine(), 'container-service');
    await engine().start();
    assert(interfaces().includes('par0.50'));
    await berth('network', 'rm', 'b');
    assert(!interfaces().includes('par0.50'));
    ip('link add link par0 name par0.60 type vlan id 60');
    await createNetwork('macvlan', 'c', '-o', 'parent=par0.60');
    await berth('network', 'rm', 'c');
    ip('link delete par0.60');
  });

  test('a kill leaves no parent of no network', async () => {
    // Once while the first is being made, once when it has been told.
    for (const isFirst of [true, false]) {
      const calls = ['a', 'b', 'c'].map((name, index) =>
        engine().berth(['network', 'create', '-d', 'macvlan', ...(index === 2 ? ['-o', 'parent=par0.70'] : []), name]),
      );
      if (isFirst) await waitFor(() => interfaces().some((name) => name.startsWith('dm-')), { what: 'a parent' });
      else await Promise.race(calls);
      await killComponent(engine(), 'container-service');
      await Promise.all(calls);
      await engine().start();
      const made = (await berth('network', 'ls', '-q', '-f', 'driver=macvlan')).split('\n').filter((id) => id !== '');
      const own = (): string[] =>
        interfaces().filter((name) => name.startsWith('dm-') && !made.includes(name.slice(3)));
      await waitFor(() => own().length === 0, { what: 'the end of what was interrupted' });
      if (made.length > 0) await berth('network', 'rm', ...made);
      await waitFor(() => !interfaces().some((name) => /^dm-|^par0\./.test(name)), { what: 'the end of the parents' });
    }
  });

  test('a parent has one interface in passthru mode, and none of two kinds', async () => {
    const passthru = ['-o', 'parent=par0', '-o', 'macvlan_mode=passthru'];
    await createNetwork('macvlan', 'alone', ...passthru);
    await createNetwork('ipvlan', 'other', '-o', 'parent=par0');
    await sleeper('one', '--network', 'alone');
    assert.match(
      await refusal('run', '--rm', '--network', 'alone', 'busybox', 'true'),
      /parent par0 has an interface: one in passthru mode is alone on it/,
    );
    assert.match(
      await refusal('run', '--rm', '--network', 'other', 'busybox', 'true'),
      /parent par0 is in use by a bridge, or by interfaces of another kind/,
    );
    await berth('rm', '-f', 'one');
    await berth('network', 'rm', 'alone', 'other');
  });
});
