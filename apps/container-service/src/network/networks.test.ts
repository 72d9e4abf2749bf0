import { beforeEach, describe, expect, test } from '@jest/globals';
import { aConfig, createMemoryEngine, DETACHED, settle, type MemoryEngine } from '../adapters/memory-engine.ts';
import { heldAddressesOf } from '../container.ts';
import { plainAttachment } from './attachments.ts';
import { lookUpMembers } from './members.ts';
import type { NetworkRequest, NetworkSubnet } from './network.ts';

const REQUEST = {
  driver: '',
  subnets: [],
  internal: false,
  attachable: false,
  ipv4: true,
  ipv6: false,
  options: {},
  labels: {},
} satisfies Omit<NetworkRequest, 'name'>;

function aSubnet(subnet: string, fields: Partial<NetworkSubnet> = {}): NetworkSubnet {
  return { subnet, ipRange: '', gateway: '', auxiliaryAddresses: {}, ...fields };
}

describe('networks', () => {
  let engine: MemoryEngine;
  beforeEach(() => {
    engine = createMemoryEngine();
  });
  const create = (name: string, fields: Partial<NetworkRequest> = {}) =>
    engine.networks.create({ ...REQUEST, name, ...fields });

  test('get a free subnet, a bridge and an event', async () => {
    const network = await create('a');
    expect(network).toMatchObject({ driver: 'bridge', subnets: [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1' }] });
    expect(engine.runtime.calls).toContain(`ensure br-${network.id.slice(0, 12)} 172.18.0.1/16`);
    expect(engine.stores.events.at(-1)).toEqual({
      noun: 'network',
      verb: 'create',
      objectId: network.id,
      attributes: { name: 'a', type: 'bridge' },
    });
    expect((await create('b')).subnets[0]?.subnet).toBe('172.19.0.0/16');
    expect(engine.networks.list([]).map(({ name }) => name)).toEqual(['a', 'b', 'bridge', 'host', 'none']);
  });

  test.each([
    [aSubnet('10.9.0.0/16'), '10.9.0.1'],
    [aSubnet('10.9.0.0/16', { gateway: '10.9.1.7' }), '10.9.1.7'],
    [aSubnet('10.9.0.0/16', { ipRange: '10.9.4.0/24' }), '10.9.4.0'],
    [aSubnet('10.9.0.0/16', { auxiliaryAddresses: { router: '10.9.0.1' } }), '10.9.0.2'],
  ])('have the gateway that %j says', async (subnet, gateway) => {
    expect((await create('a', { subnets: [subnet] })).subnets[0]?.gateway).toBe(gateway);
  });

  test('have IPv6 when it is asked for, below one prefix of the engine', async () => {
    const [first, second] = [await create('a', { ipv6: true }), await create('b', { ipv6: true, ipv4: false })];
    const prefix = first.subnets[1]?.subnet.slice(0, 14) ?? '';
    expect(prefix).toMatch(/^fd[0-9a-f]{2}(:[0-9a-f]{1,4}){2}/);
    expect(first.subnets).toMatchObject([{ subnet: '172.18.0.0/16' }, { gateway: expect.stringMatching(/^fd.*::1$/) }]);
    expect(second.subnets).toMatchObject([{ subnet: expect.stringContaining(':1::/64') }]);
    expect(engine.runtime.calls.at(-1)).toMatch(/^ensure br-[0-9a-f]{12} fd[0-9a-f:]+:1::1\/64 forward$/);
    const both = [aSubnet('fd00:9::/64', { gateway: 'fd00:9::5' }), aSubnet('10.9.0.0/16')];
    expect((await create('c', { ipv6: true, internal: true, subnets: both })).subnets).toMatchObject([
      { subnet: '10.9.0.0/16', gateway: '10.9.0.1' },
      { subnet: 'fd00:9::/64', gateway: 'fd00:9::5' },
    ]);
    expect(engine.runtime.calls.at(-1)).toMatch(/ 10.9.0.1\/16 fd00:9::5\/64$/);
  });

  test('give a container an address of each family, and take back the one when there is not the other', async () => {
    const one = aSubnet('fd00:9::/126', { gateway: 'fd00:9::1', auxiliaryAddresses: { printer: 'fd00:9::3' } });
    const network = await create('a', { ipv6: true, subnets: [one, aSubnet('10.9.0.0/16')] });
    const wanted = { address: '', ipv6Address: '', hardwareAddress: '', interfaceName: 'eth0', ipv6: true };
    const endpoint = engine.networks.take(network, wanted);
    expect(endpoint).toMatchObject({
      address: '10.9.0.2',
      ipv6: { address: 'fd00:9::2', prefixLength: 126, gateway: 'fd00:9::1' },
      hardwareAddress: '02:42:0a:09:00:02',
    });
    expect(() => engine.networks.take(network, wanted)).toThrow('no available IPv6 addresses on this network');
    engine.networks.release(`${network.id}/fd00:9::2`);
    expect(engine.networks.take(network, wanted)).toMatchObject({ address: '10.9.0.3', ipv6: endpoint.ipv6 });
    const plain = await create('b');
    expect(() => engine.networks.take(plain, { ...wanted, ipv6Address: 'fd00::5' })).toThrow(
      'no configured subnet or ip-range contain the IP address fd00::5',
    );
  });

  test('take back nothing for a network that has the subnet of one that is gone', async () => {
    const wanted = { address: '', ipv6Address: '', hardwareAddress: '', interfaceName: 'eth0', ipv6: false };
    const subnets = [aSubnet('10.9.0.0/16')];
    const gone = await create('a', { subnets });
    const [held = ''] = heldAddressesOf(engine.networks.take(gone, wanted));
    await engine.networks.remove('a');
    const network = await create('b', { subnets });
    expect(engine.networks.take(network, wanted).address).toBe('10.9.0.2');
    engine.networks.release(held);
    expect(engine.networks.take(network, wanted).address).toBe('10.9.0.3');
  });

  test('give a container no IPv6 that a sysctl of its own keeps off', async () => {
    await create('a', { ipv6: true, internal: true });
    await create('b', { ipv6: true, ipv4: false, internal: true });
    const start = async (networkMode: string) => {
      const sysctls = { 'net.ipv6.conf.all.disable_ipv6': '1' };
      const { container } = await engine.creator.create({ name: '', config: aConfig({ networkMode, sysctls }) });
      await engine.control.start(container.id, DETACHED);
      return engine.stores.containers.get(container.id)?.state.endpoint;
    };
    expect(await start('a')).toMatchObject({ address: '172.18.0.2', ipv6: null });
    await expect(start('b')).rejects.toThrow('network b has no address that the container can have');
  });

  test.each<[Partial<NetworkRequest>, string]>([
    [{ name: ' ' }, 'invalid name: name is empty'],
    [{ name: 'bridge' }, 'operation is not permitted on predefined bridge network '],
    [{ driver: 'host' }, 'only one instance of "host" network is allowed'],
    [{ driver: 'overlay' }, 'plugin "overlay" not found'],
    [{ subnets: [aSubnet('10.1')] }, 'invalid subnet 10.1: invalid CIDR block notation'],
    [{ subnets: [aSubnet('10.1.2.3/16')] }, 'invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16'],
    [
      { subnets: [aSubnet('10.1.0.0/16', { gateway: '10.2.0.1' })] },
      "invalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't contain this address",
    ],
    [
      { subnets: [aSubnet('10.1.0.0/16', { ipRange: '10.0.0.0/8' })] },
      'invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.1.0.0/16',
    ],
    [
      { subnets: [aSubnet('172.17.5.0/24')] },
      'invalid pool request: Pool overlaps with other one on this address space',
    ],
    [{ ipv4: false }, 'IPv4 or IPv6 must be enabled'],
    [{ subnets: [aSubnet('fd00::/64')] }, 'invalid subnet fd00::/64: IPv6 is not enabled on this network'],
    [
      { ipv6: true, subnets: [aSubnet('fd00:1::/64'), aSubnet('fd00:2::/64')] },
      "bridge driver doesn't support multiple subnets",
    ],
    [{ ipv6: true, subnets: [aSubnet('fd00::1/64')] }, 'invalid subnet fd00::1/64: it should be fd00::/64'],
    [{ ipv6: true, subnets: [aSubnet('fe80::/64')] }, 'invalid subnet fe80::/64: it has addresses of a link'],
    [{ ipv6: true, subnets: [aSubnet('fd00::/64', { gateway: '10.0.0.1' })] }, 'parent subnet is an IPv6 block'],
    [{ options: { 'com.docker.network.driver.mtu': 'x' } }, 'invalid MTU "x"'],
    [{ options: { 'com.docker.network.bridge.enable_icc': 'maybe' } }, 'strconv.ParseBool'],
    [{ options: { 'com.docker.network.bridge.host_binding_ipv4': '::1' } }, 'value: ::1 (nil ip)'],
    [{ options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'x' } }, 'unknown gateway mode x'],
    [{ options: { 'com.docker.network.bridge.gateway_mode_ipv6': 'routed' } }, 'gateway mode routed is not supported'],
    [{ options: { 'com.docker.network.container_iface_prefix': 'twelve-bytes' } }, 'invalid interface prefix'],
    [{ options: { parent: 'eth0' } }, 'option parent is not supported by the bridge driver'],
    [
      { driver: 'macvlan', options: { ipvlan_mode: 'l2' } },
      'option ipvlan_mode is not supported by the macvlan driver',
    ],
    [{ options: { 'com.docker.network.bridge.name': 'berth0' } }, 'bridge berth0 is that of network bridge'],
  ])('refuse %j', async (fields, message) => {
    await expect(create('a', fields)).rejects.toThrow(message);
    expect(engine.stores.networks.listBridges()).toEqual([]);
  });

  test('one name is given once, also to two that ask at the same time', async () => {
    const both = await Promise.allSettled([create('a'), create('a')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(create('a')).rejects.toThrow('network with name a already exists');
  });

  test('are found by id, name and prefix', async () => {
    const { id } = await create('a');
    for (const reference of [id, 'a', id.slice(0, 5)]) expect(engine.networks.find(reference).id).toBe(id);
    expect(() => engine.networks.find('nope')).toThrow('network nope not found');
  });

  test.each([
    ['driver=null', ['none']],
    ['type=custom', ['a']],
    ['dangling=true', ['a']],
    ['name=rid', ['bridge']],
    ['label=x=1', ['a']],
    ['scope=swarm', []],
  ])('are listed by %s', async (text, names) => {
    await create('a', { labels: { x: '1' } });
    const [key = '', ...value] = text.split('=');
    expect(engine.networks.list([{ key, value: value.join('=') }]).map(({ name }) => name)).toEqual(names);
  });

  test('a filter that is not known is refused', () => {
    expect(() => engine.networks.list([{ key: 'x', value: '' }])).toThrow("invalid filter 'x'");
  });

  test('are removed with their bridges, but for the predefined', async () => {
    const { id } = await create('a');
    await engine.networks.remove('a');
    expect(engine.runtime.calls.at(-1)).toBe(`remove br-${id.slice(0, 12)}`);
    expect(engine.stores.networks.listBridges()).toEqual([]);
    expect(engine.verbs()).toEqual(['network create', 'network destroy']);
    await expect(engine.networks.remove('none')).rejects.toThrow('none is a pre-defined network and cannot be removed');
  });

  test('are pruned when they fit the filters', async () => {
    await create('a', { labels: { keep: '' } });
    await create('b');
    engine.stores.networks.noteBridge('br-lost');
    expect(await engine.networks.prune([{ key: 'label!', value: 'keep' }])).toEqual(['b']);
    expect(engine.runtime.calls.at(-1)).toBe('remove br-lost');
    expect(engine.verbs().slice(-2)).toEqual(['network destroy', 'network prune']);
  });

  test('outlive the service, which removes bridges of none', async () => {
    const { id } = await create('a');
    engine.stores.networks.noteBridge('br-lost');
    const next = engine.restart();
    await next.sweep();
    await settle();
    expect(next.networks.find('a').id).toBe(id);
    expect([next.runtime.calls.at(-1), next.stores.networks.listBridges()]).toEqual(['remove br-lost', []]);
  });

  test('say what the interfaces of their containers are called, and where ports are published', async () => {
    const prefix = { 'com.docker.network.container_iface_prefix': 'lan' };
    await create('a', { options: { ...prefix, 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.2' } });
    await create('b', { options: prefix });
    await create('c', { options: { 'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0' } });
    const portBindings = ['', '127.0.0.3'].map((hostAddress, index) => ({
      containerPort: `${index + 1}/tcp`,
      hostAddress,
      firstHostPort: 8080,
      lastHostPort: 8080,
    }));
    const networks = ['c', 'a', 'b'].map((network) => ({
      ...plainAttachment(network),
      gatewayPriority: Number(network === 'a'),
    }));
    const config = aConfig({ networkMode: 'c', networks, portBindings });
    const { container } = await engine.creator.create({ name: 'web', config });
    await engine.control.start(container.id, DETACHED);
    const { state } = engine.stores.containers.get(container.id) ?? container;
    expect(state.publishedPorts.map(({ hostAddress }) => hostAddress)).toEqual(['127.0.0.2', '127.0.0.3']);
    const places = [state.endpoint, ...state.furtherEndpoints].map((endpoint) => [
      endpoint?.network,
      endpoint?.interfaceName,
    ]);
    expect(places).toEqual([
      ['a', 'lan0'],
      ['b', 'lan1'],
      ['c', 'eth0'],
    ]);
  });

  test('the default one shows who is on it', async () => {
    const { container } = await engine.creator.create({ name: 'web', config: aConfig() });
    await engine.control.start(container.id, DETACHED);
    expect(engine.networks.members()(engine.networks.find('bridge'))).toMatchObject([
      { name: 'web', address: '172.17.0.2', prefixLength: 16 },
    ]);
  });

  test('are told of all networks with one look at the rows', () => {
    let looks = 0;
    const membersOf = lookUpMembers(() => {
      looks++;
      return [];
    });
    for (const network of engine.networks.list([])) expect(membersOf(network)).toEqual([]);
    expect(looks).toBe(1);
  });

  test.each([
    ['host', 'host'],
    ['none', 'null'],
  ])('tell of a container on %s, which has no place there', async (networkMode, type) => {
    const { container } = await engine.creator.create({ name: 'web', config: aConfig({ networkMode }) });
    await engine.control.start(container.id, DETACHED);
    const network = engine.networks.find(networkMode);
    expect(engine.networks.members()(network)).toMatchObject([{ name: 'web', address: '', hardwareAddress: '' }]);
    engine.runtime.process(`/run/${container.id}`).exit(0);
    await settle();
    expect(engine.networks.members()(network)).toEqual([]);
    const told = engine.stores.events.filter(({ noun }) => noun === 'network');
    const attributes = { container: container.id, name: networkMode, type };
    const objectId = network.id;
    expect(told).toEqual([
      { noun: 'network', verb: 'connect', objectId, attributes },
      { noun: 'network', verb: 'disconnect', objectId, attributes },
    ]);
  });

  test('are made one after another when two find the bridge missing', async () => {
    const network = await create('a');
    let [now, most] = [0, 0];
    engine.runtime.ensureBridge = async () => {
      most = Math.max(most, ++now);
      await settle();
      now--;
    };
    engine.networks.doubt();
    await Promise.all([engine.networks.ensure(network), engine.networks.renew(), engine.networks.renew()]);
    expect(most).toBe(1);
  });
});
