import { beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { aConfig, createMemoryEngine, DETACHED, type MemoryEngine } from '../adapters/memory-engine.ts';
import { plainAttachment } from './attachments.ts';
import type { NetworkRequest } from './network.ts';

const REQUEST = {
  driver: 'ipvlan',
  subnets: [],
  internal: false,
  attachable: false,
  ipv4: true,
  ipv6: false,
  options: {},
  labels: {},
} satisfies Omit<NetworkRequest, 'name'>;
const WANTED = { address: '', ipv6Address: '', hardwareAddress: '', interfaceName: 'eth0', ipv6: true };

describe('networks on an interface of the host', () => {
  let engine: MemoryEngine;
  beforeEach(() => {
    engine = createMemoryEngine();
  });
  const create = (name: string, options: Record<string, string> = {}, fields: Partial<NetworkRequest> = {}) =>
    engine.networks.create({ ...REQUEST, name, options, ...fields });
  const macvlan = { driver: 'macvlan' };

  test.each([
    [{ parent: 'eth0' }, {}, 'parent eth0', { kind: 'ipvlan', bridge: 'eth0', mode: 0, flags: 0, mtu: 0 }],
    [{ parent: 'eth0', ipvlan_mode: 'l3s', ipvlan_flag: 'private' }, {}, 'parent eth0', { mode: 2, flags: 1 }],
    [{ parent: 'eth0.50', macvlan_mode: 'vepa' }, macvlan, 'parent eth0.50 vlan', { kind: 'macvlan', mode: 2 }],
    [{ parent: 'eth0', 'com.docker.network.driver.mtu': '1400' }, macvlan, 'parent eth0', { mode: 4, mtu: 1400 }],
  ])('with the options %j have children of that kind', async (options, fields, call, link) => {
    const network = await create('a', options, fields);
    expect(engine.runtime.calls.at(-1)).toBe(call);
    expect(engine.networks.link(network)).toMatchObject(link);
  });

  test('without a parent get one of their own, from which nothing leaves', async () => {
    const network = await create('a');
    const parent = `di-${network.id.slice(0, 12)}`;
    expect(engine.runtime.calls.at(-1)).toBe(`parent ${parent} dummy`);
    expect(engine.networks.take(network, WANTED)).toMatchObject({ gateway: '', address: '172.18.0.2' });
    await engine.networks.remove('a');
    expect(engine.runtime.calls.at(-1)).toBe(`remove ${parent}`);
    expect(engine.stores.networks.listBridges()).toEqual([]);
    expect((await create('b', {}, macvlan)).id.slice(0, 12)).toBe(engine.runtime.calls.at(-1)?.slice(10, 22));
  });

  test('that are routed by the host have no gateway, and a route to all that is on the link', async () => {
    const network = await create('a', { parent: 'eth0', ipvlan_mode: 'l3' }, { ipv6: true });
    expect(network.subnets.map(({ gateway }) => gateway)).toEqual(['', '']);
    const endpoint = engine.networks.take(network, WANTED);
    expect(endpoint).toMatchObject({ address: '172.18.0.1', gateway: '0.0.0.0', ipv6: { gateway: '::' } });
  });

  test('share a parent that is made for them until the last has gone', async () => {
    const parent = { parent: 'eth0.50' };
    await create('a', parent);
    await create('b', parent);
    await engine.networks.remove('a');
    expect(engine.runtime.calls).not.toContain('remove eth0.50');
    const next = engine.restart();
    await next.sweep();
    expect(next.runtime.calls).not.toContain('remove eth0.50');
    await next.networks.remove('b');
    expect(next.runtime.calls.at(-1)).toBe('remove eth0.50');
    expect(next.stores.networks.listBridges()).toEqual([]);
  });

  test('whose parent has gone are in the way of no other', async () => {
    await create('a', { parent: 'eth0' });
    const { id } = await create('b', {}, { driver: '' });
    engine.runtime.ensureParent = () => Promise.reject(new BerthError('NETWORK_MISSING', 'gone'));
    await engine.networks.renew();
    expect(engine.runtime.calls.at(-1)).toMatch(`ensure br-${id.slice(0, 12)}`);
    await expect(engine.networks.ensure(engine.networks.find('a'))).rejects.toThrow('gone');
  });

  test('leave a parent alone that was not made for them', async () => {
    await create('a', { parent: 'eth0' });
    await engine.networks.remove('a');
    expect(engine.runtime.calls.at(-1)).toBe('parent eth0');
  });

  test('whose parent could not be made leave what another has', async () => {
    await create('a', { parent: 'eth0.50' });
    engine.runtime.ensureParent = () => Promise.reject(new BerthError('START_FAILED', 'no'));
    await expect(create('b', { parent: 'eth0.50' })).rejects.toThrow('no');
    expect(engine.runtime.calls).not.toContain('remove eth0.50');
    await expect(create('c', { parent: 'eth0.51' })).rejects.toThrow('no');
    expect(engine.runtime.calls.at(-1)).toBe('remove eth0.51');
  });

  test.each([
    ['eth7', 'invalid subinterface vlan name eth7, example formatting is eth0.10'],
    ['eth7.10', '-o parent interface does was not found on the host: eth7'],
    ['eth7.4095', 'vlan id must be between 1-4094, received: 4095'],
    ['eth7.x', 'unable to parse a valid vlan id from: x (ex. eth0.10 for vlan 10)'],
    ['eth7.1.2', 'required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received eth7.1.2'],
  ])('on %s, which does not exist, are refused', async (parent, message) => {
    engine.runtime.ensureParent = () => Promise.reject(new BerthError('NETWORK_MISSING', 'gone'));
    await expect(create('a', { parent })).rejects.toThrow(message);
    expect([engine.networks.named('a'), engine.stores.networks.listBridges()]).toEqual([null, []]);
  });

  test.each([
    [{ ipvlan_mode: 'l4' }, "requested ipvlan mode 'l4' is not valid, 'l2' mode is the ipvlan driver default"],
    [{ ipvlan_flag: 'x' }, "requested ipvlan flag 'x' is not valid, 'bridge' is the ipvlan driver default flag"],
    [{ parent: 'lo' }, 'loopback interface is not a valid ipvlan parent link'],
    [{ parent: 'a/b' }, 'invalid parent "a/b"'],
    [{ parent: 'eth0', 'com.docker.network.driver.mtu': 'x' }, 'invalid MTU "x"'],
  ])('with the options %j are refused', async (options, message) => {
    await expect(create('a', options)).rejects.toThrow(message);
  });

  test('that cannot be on a parent together are refused', async () => {
    const parent = { parent: 'eth0' };
    await create('a', parent);
    await expect(create('b', { ...parent, ipvlan_mode: 'l3' })).rejects.toThrow(
      'network a is already using parent interface eth0 in another mode',
    );
    const { id } = await create('c', parent, macvlan);
    const passthru = { ...parent, macvlan_mode: 'passthru' };
    await expect(create('d', passthru, macvlan)).rejects.toThrow(
      `cannot use mode passthru, macvlan network ${id} is already using parent interface eth0`,
    );
    await engine.networks.remove('c');
    const alone = await create('d', passthru, macvlan);
    await expect(create('c', parent, macvlan)).rejects.toThrow(
      `macvlan network ${alone.id} is already using parent interface eth0 in mode passthru`,
    );
  });

  test('whose interfaces have their parent’s hardware address take no other', async () => {
    const network = await create('a', { parent: 'eth0' });
    expect(engine.networks.take(network, WANTED)).toMatchObject({ hardwareAddress: '', address: '172.18.0.2' });
    const networks = [{ ...plainAttachment('a'), hardwareAddress: '02:42:00:00:00:07' }];
    const config = aConfig({ networkMode: 'a', networks });
    const { container } = await engine.creator.create({ name: 'web', config });
    await expect(engine.control.start(container.id, DETACHED)).rejects.toThrow(
      'failed to set up container networking: ipvlan interfaces do not support custom mac address assignment',
    );
  });
});
