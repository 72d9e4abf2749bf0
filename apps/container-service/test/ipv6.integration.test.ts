import { ContainerStatus, type CreateNetworkRequest, type NetworkAttachment } from '@berth/proto/container';
import { killComponent, runProgram, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestContainers } from './support/containers.ts';
import { crashService, startService } from './support/crashing-service.ts';
import { expectNothingLeft } from './support/left-behind.ts';
import { rebootHost } from './support/reboot-host.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

/** Nothing leaves it: so the host's forwarding stays as it is. */
function aNetwork(name: string, fields: Partial<CreateNetworkRequest> = {}): CreateNetworkRequest {
  const defaults = { driver: '', subnets: [], internal: true, attachable: false, options: {}, labels: {} };
  return { name, ...defaults, ipv6: true, withoutIpv4: false, ...fields };
}

function on(network: string, ipv6Address = ''): NetworkAttachment {
  return {
    network,
    aliases: [],
    address: '',
    ipv6Address,
    hardwareAddress: '',
    gatewayPriority: 0,
    driverOptions: {},
    linkLocalAddresses: [],
  };
}

const subnet = (text: string) => [{ subnet: text, ipRange: '', gateway: '', auxiliaryAddresses: {} }];

const at = (name: string, ipv6Address = '') => ({ networkMode: name, networks: [on(name, ipv6Address)] });

async function output({ exec }: TestContainers, container: string, line: string): Promise<string> {
  return (await exec(container, ['sh', '-c', line])).stdout;
}

async function reaches(containers: TestContainers, from: string, target: string): Promise<boolean> {
  return (await containers.exec(from, ['ping', '-6', '-c1', '-W1', target])).exit?.exitCode === 0;
}

test('containers have addresses of both families, names for them, and keep them when the service is killed', async () => {
  {
    using containers = await startService(engine);
    const { client, startDetached } = containers;
    await client.createNetwork(aNetwork('both'));
    await client.createNetwork(aNetwork('late', { withoutIpv4: true, subnets: subnet('fd00:77:1::/64') }));
    await client.createNetwork(aNetwork('old', { ipv6: false }));
    await startDetached('sleep 1000', { name: 'web', config: at('both') });
    await startDetached('sleep 1000', { name: 'db', config: at('both') });
    await startDetached('sleep 1000', { name: 'plain', config: { networkMode: 'old' } });
    const { address: address4 = '', ipv6Address = '' } = (await containers.get('db')).networks[0] ?? {};
    expect(ipv6Address).toMatch(/^fd[0-9a-f:]+::3$/);
    expect([await reaches(containers, 'web', ipv6Address), await reaches(containers, 'web', 'db')]).toEqual([
      true,
      true,
    ]);
    const found = await output(containers, 'web', `nslookup db; nslookup ${ipv6Address}`);
    for (const text of [address4, ipv6Address, 'db.both']) expect(found).toContain(text);
    expect((await output(containers, 'web', 'grep -c $(hostname) /etc/hosts')).trim()).toBe('2');
    expect(await output(containers, 'plain', 'ip -6 addr show eth0')).toBe('');
    expect(await output(containers, 'plain', 'ip -6 addr show lo')).toContain('::1/128');
    await killComponent(engine, 'container-service');
  }
  using containers = await startService(engine);
  const { client, startDetached } = containers;
  await waitFor(() => reaches(containers, 'web', 'db'), { what: 'the name db' });
  await startDetached('sleep 1000', { name: 'third', config: at('both') });
  expect((await containers.get('third')).networks[0]?.ipv6Address).toMatch(/::4$/);

  await startDetached('sleep 1000', { name: 'fixed', config: at('late', 'fd00:77:1::50') });
  await expect(startDetached('true', { name: 'twice', config: at('late', 'fd00:77:1:0::50') })).rejects.toThrow(
    'failed to set up container networking: Address already in use',
  );
  for (const name of ['web', 'plain']) {
    await client.connectNetwork({ container: name, attachment: on('late') });
    expect(await reaches(containers, name, 'fd00:77:1::50')).toBe(true);
  }
  await waitFor(() => reaches(containers, 'plain', 'fixed'), { what: 'a name on a network without IPv4' });
  expect((await client.getNetwork({ network: 'late' })).network).toMatchObject({ ipv4: false, ipv6: true });
  expect((await containers.get('fixed')).networks).toMatchObject([
    { address: '', ipv6Address: 'fd00:77:1::50', ipv6PrefixLength: 64, wantedIpv6Address: 'fd00:77:1::50' },
  ]);
  await client.disconnectNetwork({ container: 'web', network: 'late', force: false });
  expect(await reaches(containers, 'web', 'fd00:77:1::50')).toBe(false);

  await containers.removeAll();
  await client.pruneNetworks({ filters: [] });
  await killComponent(engine, 'container-service');
});

/** The addresses of IPv6 that the first interfaces of a container have, by the kernel. */
async function inKernel(containers: TestContainers, container: string): Promise<string[]> {
  const lines = await output(containers, container, 'ip -o -6 addr show scope global');
  return [...lines.matchAll(/inet6 (fd\S+)\/64/g)].map(([, address = '']) => address);
}

test.each(['network-connect:row', 'network-disconnect:detached'] as const)(
  'a crash at %s loses no address, and gives none twice',
  async (fault) => {
    const late = aNetwork('late', { withoutIpv4: true, subnets: subnet('fd00:77:2::/64') });
    await crashService(engine, fault, async ({ client, startDetached }) => {
      await client.createNetwork(late);
      await startDetached('sleep 1000', { name: 'box' });
      await client.connectNetwork({ container: 'box', attachment: on('late') });
      await client.disconnectNetwork({ container: 'box', network: 'late', force: false });
    });
    using containers = await startService(engine);
    const { client, startDetached } = containers;
    const known = async () =>
      (await containers.get('box')).networks.map(({ ipv6Address }) => ipv6Address).filter((each) => each !== '');
    const agrees = async () => String(await known()) === String(await inKernel(containers, 'box'));
    await waitFor(agrees, { what: 'the reconciliation' });
    const isOn = (await known()).length > 0;
    await startDetached('sleep 1000', { name: 'next', config: at('late') });
    expect(await inKernel(containers, 'next')).toEqual([isOn ? 'fd00:77:2::3' : 'fd00:77:2::2']);
    await containers.removeAll();
    await expectNothingLeft(engine);
    expect((await client.pruneNetworks({ filters: [] })).deletedNames).toEqual(['late']);
    await killComponent(engine, 'container-service');
  },
);

test('after a restart of the host bridges and containers have their addresses again', async () => {
  {
    using containers = await startService(engine);
    await containers.client.createNetwork(aNetwork('both'));
    const restartPolicy = { name: 'always', maximumRetryCount: 0 };
    const config = at('both', '');
    await containers.startDetached('sleep 1000', { name: 'box', config: { ...config, restartPolicy } });
    const { id = '' } = (await containers.client.getNetwork({ network: 'both' })).network ?? {};
    await rebootHost(engine);
    await runProgram('ip', ['link', 'del', `br-${id.slice(0, 12)}`]);
  }
  using containers = await startService(engine);
  const isUp = async () => (await containers.get('box')).status === ContainerStatus.RUNNING;
  await waitFor(isUp, { what: 'the container' });
  const [endpoint] = (await containers.get('box')).networks;
  expect(await inKernel(containers, 'box')).toEqual([endpoint?.ipv6Address]);
  expect(await reaches(containers, 'box', endpoint?.ipv6Address.replace(/2$/, '1') ?? '')).toBe(true);
  await containers.removeAll();
  await containers.client.pruneNetworks({ filters: [] });
  await killComponent(engine, 'container-service');
});
