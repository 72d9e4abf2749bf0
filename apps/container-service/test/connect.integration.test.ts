import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ContainerConfig } from '@berth/proto/container';
import { engineNames } from '@berth/client';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_POINTS } from '../src/fault.ts';
import type { TestContainers } from './support/containers.ts';
import { crashService, startService } from './support/crashing-service.ts';
import { expectNothingLeft, openState } from './support/left-behind.ts';
import { aNetwork, on } from './support/networks.ts';

let engine: TestEngine;
beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

const subnet = (text: string) => [{ subnet: text, ipRange: '', gateway: '', auxiliaryAddresses: {} }];

async function withService(use: (containers: TestContainers) => Promise<void>): Promise<void> {
  using containers = await startService(engine);
  try {
    await use(containers);
  } finally {
    await containers.removeAll();
    await containers.client.pruneNetworks({ filters: [] });
    await killComponent(engine, 'container-service');
  }
}

const addresses = async ({ exec }: TestContainers, container: string) =>
  (await exec(container, ['sh', '-c', 'ip -o -4 addr | grep -v " lo " | sort -k 2; ip route | grep default'])).stdout;

/** A program that answers whoever connects to port 80, one after the other. */
const SERVE = 'while :; do nc -l -p 80 -e echo reached; done';

/** Port 80 of a container at one of the host; 0: at any. */
const aPort = (hostPort = 0) => ({
  containerPort: '80/tcp',
  hostAddress: '127.0.0.1',
  firstHostPort: hostPort,
  lastHostPort: hostPort,
});

async function answers(port = 0): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    return (await text(socket)) === 'reached\n';
  } catch {
    return false;
  }
}

/** A port of the host that a program listens on. */
async function takePort(port = 0): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => void (await once(server.close(), 'close'));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

describe('containers on networks of users', () => {
  test('find each other by name, alias and short id, also after a restart of the service; others do not', async () => {
    const config: Partial<ContainerConfig> = { networkMode: 'back', networks: [on('back', { aliases: ['db'] })] };
    await withService(async ({ client, startDetached }) => {
      await client.createNetwork(aNetwork('back'));
      const id = await startDetached('sleep 1000', { name: 'store', config });
      await startDetached('sleep 1000', { name: 'web', config: { networkMode: 'back' } });
      await startDetached('sleep 1000', { name: 'apart' });
      await killComponent(engine, 'container-service');
      using containers = await startService(engine);
      for (const name of ['store', 'db', id.slice(0, 12)]) {
        const reached = async () => (await containers.exec('web', ['ping', '-c1', '-W2', name])).exit?.exitCode === 0;
        await waitFor(reached, { what: `the name ${name}` });
      }
      const { exit } = await containers.exec('apart', ['ping', '-c1', '-W2', 'store']);
      expect(exit?.exitCode).not.toBe(0);
      const address = (await containers.get('store')).networks[0]?.address ?? '';
      expect((await containers.exec('apart', ['ping', '-c1', '-W1', address])).exit?.exitCode).not.toBe(0);
    });
  });

  test('have the addresses that were asked for, one interface for each network, and the right way out', async () => {
    await withService(async (containers) => {
      await containers.client.createNetwork(aNetwork('a', { subnets: subnet('10.77.0.0/24') }));
      await containers.client.createNetwork(aNetwork('b', { subnets: subnet('10.78.0.0/24'), internal: true }));
      const hardwareAddress = '02:42:00:00:00:77';
      const networks = [on('b'), on('a', { address: '10.77.0.50', hardwareAddress })];
      const id = await containers.startDetached('sleep 1000', { name: 'box', config: { networkMode: 'b', networks } });
      expect(await addresses(containers, id)).toMatch(
        /eth0\s+inet 10\.78\.0\.2\/24[^]*eth1\s+inet 10\.77\.0\.50\/24[^]*default via 10\.77\.0\.1 dev eth1/,
      );
      expect((await containers.get(id)).networks).toMatchObject([
        { network: 'b', interfaceName: 'eth0', gateway: '' },
        { network: 'a', interfaceName: 'eth1', hardwareAddress, wantedAddress: '10.77.0.50' },
      ]);
      const again = containers.startDetached('true', {
        config: { networkMode: 'a', networks: [on('a', { address: '10.77.0.50' })] },
      });
      await expect(again).rejects.toThrow('failed to set up container networking: Address already in use');
      await expect(containers.client.deleteNetwork({ network: 'a' })).rejects.toThrow(
        'network a has active endpoints (name:"box" id:"',
      );
    });
  });

  test('cannot reach each other where that is switched off', async () => {
    await withService(async (containers) => {
      const options = { 'com.docker.network.bridge.enable_icc': 'false', 'com.docker.network.driver.mtu': '1400' };
      await containers.client.createNetwork(aNetwork('quiet', { options, subnets: subnet('10.79.0.0/24') }));
      const config = { networkMode: 'quiet' };
      await containers.startDetached('sleep 1000', { name: 'first', config });
      await containers.startDetached('sleep 1000', { name: 'second', config });
      const ping = async (address: string) => (await containers.exec('second', ['ping', '-c1', '-W1', address])).exit;
      expect([(await ping('10.79.0.2'))?.exitCode, (await ping('10.79.0.1'))?.exitCode]).toEqual([1, 0]);
      expect((await containers.exec('second', ['cat', '/sys/class/net/eth0/mtu'])).stdout).toBe('1400\n');
    });
  });
});

test('containers on a macvlan network reach each other on its parent', async () => {
  await withService(async (containers) => {
    // The engine's own bridge is as good a parent as another interface.
    const parent = engineNames(engine.root).bridge;
    await containers.client.createNetwork(
      aNetwork('lan', { driver: 'macvlan', options: { parent }, subnets: subnet('10.83.0.0/24') }),
    );
    await containers.startDetached('sleep 1000', { name: 'first', config: { networkMode: 'lan' } });
    const container = await containers.startDetached('sleep 1000', { name: 'second' });
    await containers.client.connectNetwork({ container, attachment: on('lan') });
    const ping = async () => (await containers.exec(container, ['ping', '-c1', '-W1', '10.83.0.2'])).exit?.exitCode;
    expect(await ping()).toBe(0);
    await containers.client.disconnectNetwork({ container, network: 'lan', force: false });
    expect(await addresses(containers, container)).not.toContain('10.83.0.3');
  });
});

describe('a container that runs', () => {
  test('has interfaces with the names, addresses and parameters that were asked for', async () => {
    await withService(async (containers) => {
      const { client, exec } = containers;
      for (const name of ['wide', 'near']) await client.createNetwork(aNetwork(name));
      const asked = (name: string) => ({
        driverOptions: {
          'com.docker.network.endpoint.ifname': name,
          'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.tag=7',
        },
        linkLocalAddresses: ['169.254.9.9'],
      });
      const config = { networkMode: 'wide', networks: [on('wide', asked('wan'))] };
      const container = await containers.startDetached('sleep 1000', { config });
      await client.connectNetwork({ container, attachment: on('near', asked('lan')) });
      const script = 'for i in wan lan; do cat /proc/sys/net/ipv4/conf/$i/tag; ip -o addr show $i; done; ip route';
      const shown = async () => (await exec(container, ['sh', '-c', script])).stdout;
      expect(await shown()).toMatch(
        /^7\n[^]*wan\s+inet 169\.254\.9\.9\/16[^]*\n7\n[^]*lan\s+inet 169\.254\.9\.9\/16[^]*default via [^ ]+ dev lan/,
      );
      const again = client.connectNetwork({ container, attachment: on('bridge', asked('wan')) });
      await expect(again).rejects.toThrow('interface name wan is already in use in the container');
      await client.disconnectNetwork({ container, network: 'near', force: false });
      expect(await shown()).toMatch(/^7\n(?![^]*lan)[^]*default via [^ ]+ dev wan/);
    });
  });

  test('is connected and disconnected, with its names', async () => {
    await withService(async (containers) => {
      const { client, exec } = containers;
      await client.createNetwork(aNetwork('late', { subnets: subnet('10.80.0.0/24') }));
      await containers.startDetached('sleep 1000', { name: 'there', config: { networkMode: 'late' } });
      const container = await containers.startDetached('sleep 1000', { name: 'box' });
      const before = await addresses(containers, container);
      await exec(container, ['sh', '-c', 'echo "10.0.0.9 mine" >>/etc/hosts']);
      await client.connectNetwork({ container, attachment: on('late', { aliases: ['x'] }) });
      expect((await exec(container, ['ping', '-c1', '-W2', 'there'])).exit?.exitCode).toBe(0);
      expect((await exec('there', ['ping', '-c1', '-W2', 'x'])).exit?.exitCode).toBe(0);
      expect((await exec(container, ['cat', '/etc/hosts'])).stdout).toMatch(/10\.0\.0\.9 mine[^]*10\.80\.0\.3\t/);
      await expect(client.connectNetwork({ container, attachment: on('late') })).rejects.toThrow(
        'endpoint with name box already exists in network late',
      );
      await client.disconnectNetwork({ container, network: 'late', force: false });
      expect(await addresses(containers, container)).toBe(before);
      expect((await exec(container, ['cat', '/etc/hosts'])).stdout).not.toContain('10.80.0.3');
      expect((await exec('there', ['ping', '-c1', '-W2', 'x'])).exit?.exitCode).not.toBe(0);
      await expect(client.disconnectNetwork({ container, network: 'late', force: false })).rejects.toThrow(
        `container ${container} is not connected to network late`,
      );
    });
  });

  test('goes from its only network to another, and one that does not run too', async () => {
    await withService(async (containers) => {
      const { client } = containers;
      await client.createNetwork(aNetwork('other', { subnets: subnet('10.81.0.0/24') }));
      const container = await containers.startDetached('sleep 1000', { name: 'box' });
      await client.disconnectNetwork({ container, network: 'bridge', force: false });
      expect(await addresses(containers, container)).toBe('');
      await client.connectNetwork({ container, attachment: on('other') });
      const elsewhere = /^[^\n]*eth0\s+inet 10\.81\.0\.2\/24[^\n]*\ndefault via 10\.81\.0\.1 dev eth0 *\n$/;
      expect(await addresses(containers, container)).toMatch(elsewhere);
      await client.restartContainer({ container, timeoutSeconds: 0, signal: '' });
      expect(await addresses(containers, container)).toMatch(elsewhere);
      await client.stopContainer({ container, timeoutSeconds: 0, signal: '' });
      await client.disconnectNetwork({ container, network: 'other', force: false });
      await client.connectNetwork({ container, attachment: on('bridge') });
      await client.startContainer({ container });
      expect((await containers.get(container)).networks).toMatchObject([{ network: 'bridge', interfaceName: 'eth0' }]);
    });
  });
});

describe('the ports of a container that runs', () => {
  const published = async ({ get }: TestContainers, container: string) => (await get(container)).publishedPorts;

  test('go with the network that they were published from, and come with the next one', async () => {
    await withService(async (containers) => {
      const { client } = containers;
      await client.createNetwork(aNetwork('other'));
      const container = await containers.startDetached(SERVE, { config: { portBindings: [aPort()] } });
      const [first] = await published(containers, container);
      await waitFor(() => answers(first?.hostPort), { what: 'an answer of the container' });
      await client.disconnectNetwork({ container, network: 'bridge', force: false });
      expect(await published(containers, container)).toEqual([]);
      await using taken = await takePort(first?.hostPort);
      await client.connectNetwork({ container, attachment: on('other') });
      const [second] = await published(containers, container);
      expect(second?.hostPort).not.toBe(taken.port);
      await waitFor(async () => answers(second?.hostPort), { what: 'an answer of the container' });
      await killComponent(engine, 'container-service');
      using next = await startService(engine);
      await waitFor(async () => answers(second?.hostPort), { what: 'an answer of the container' });
      await next.client.stopContainer({ container, timeoutSeconds: 0, signal: '' });
      // The keeper gives it back after it has told the exit.
      await using _ = await waitFor(() => takePort(second?.hostPort).catch(() => null), { what: 'the port' });
    });
  });

  test('go on from a network that becomes the way out, and back from the one that is left', async () => {
    await withService(async (containers) => {
      const { client } = containers;
      const options = { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' };
      await client.createNetwork(aNetwork('main', { options }));
      const many = Array.from({ length: 300 }, (_, index) => ({
        ...aPort(),
        hostAddress: '',
        containerPort: `${1000 + index}/udp`,
      }));
      const config = { networkMode: 'bridge', portBindings: [aPort(), ...many] };
      const container = await containers.startDetached(SERVE, { config });
      const port = async () => (await published(containers, container)).find((each) => each.containerPort === '80/tcp');
      await client.connectNetwork({ container, attachment: on('main', { gatewayPriority: 1 }) });
      const moved = await published(containers, container);
      expect(moved).toHaveLength(301);
      expect(new Set(moved.map(({ hostAddress }) => hostAddress))).toEqual(new Set(['127.0.0.1']));
      await waitFor(async () => answers((await port())?.hostPort), { what: 'an answer of the container' });
      await client.disconnectNetwork({ container, network: 'main', force: false });
      await waitFor(async () => answers((await port())?.hostPort), { what: 'an answer of the container' });
    });
  });

  test('fail a connection when another program has them', async () => {
    await withService(async (containers) => {
      const { client } = containers;
      await client.createNetwork(aNetwork('shut', { internal: true }));
      await client.createNetwork(aNetwork('open'));
      await using taken = await takePort();
      const config = { networkMode: 'shut', portBindings: [aPort(taken.port)] };
      const container = await containers.startDetached(SERVE, { config });
      await expect(client.connectNetwork({ container, attachment: on('open') })).rejects.toThrow(
        `Bind for 127.0.0.1:${taken.port} failed: port is already allocated`,
      );
      expect(await containers.get(container)).toMatchObject({ networks: [{ network: 'shut' }], publishedPorts: [] });
      await taken[Symbol.asyncDispose]();
      await client.connectNetwork({ container, attachment: on('open') });
      await waitFor(async () => answers(taken.port), { what: 'an answer of the container' });
    });
  });
});

const POINTS = FAULT_POINTS.filter((point) => /^network-(dis)?connect:/.test(point));

test.each(POINTS)('a crash at %s loses and leaves nothing', async (fault) => {
  const told = (): string[] =>
    openState(engine, (database) => database.prepare('SELECT event FROM outbox ORDER BY sequence').all())
      .map((row) => JSON.parse(String(row.event)) as { noun: string; verb: string; attributes: { name: string } })
      .filter(({ noun, attributes }) => noun === 'network' && attributes.name === 'late')
      .map(({ verb }) => verb)
      .filter((verb) => verb.endsWith('connect'));
  let container = '';
  await crashService(engine, fault, async (containers) => {
    // One without a way out, so that the other takes the default route, and gives it back.
    await containers.client.createNetwork(aNetwork('inner', { subnets: subnet('10.84.0.0/24'), internal: true }));
    await containers.client.createNetwork(aNetwork('late', { subnets: subnet('10.82.0.0/24') }));
    const config = { networkMode: 'inner', portBindings: [aPort()] };
    container = await containers.startDetached(SERVE, { name: 'box', config });
    await containers.client.connectNetwork({ container, attachment: on('late') });
    await containers.client.disconnectNetwork({ container, network: 'late', force: false });
  });
  using containers = await startService(engine);
  // What was told is so, and what is not told is not.
  const isConnected = (): boolean => told().at(-1) === 'connect';
  const agrees = async (): Promise<boolean> => {
    const { networks, publishedPorts } = await containers.get(container);
    const isPublished = publishedPorts.length > 0 && (await answers(publishedPorts[0]?.hostPort));
    const inKernel = await addresses(containers, container);
    const isInKernel = ['10.82.0.2/24', 'default via 10.82.0.1'].map((text) => inKernel.includes(text));
    const isInRow = networks.some(({ network }) => network === 'late');
    return [isInRow, isPublished, ...isInKernel].every((is) => is === isConnected());
  };
  await waitFor(agrees, { what: 'the reconciliation' });
  const turn = isConnected()
    ? () => containers.client.disconnectNetwork({ container, network: 'late', force: false })
    : () => containers.client.connectNetwork({ container, attachment: on('late', { address: '10.82.0.2' }) });
  await turn();
  expect(await agrees()).toBe(true);
  await containers.removeAll();
  await expectNothingLeft(engine);
  expect((await containers.client.pruneNetworks({ filters: [] })).deletedNames).toEqual(['inner', 'late']);
  await killComponent(engine, 'container-service');
});
