import type { CreateNetworkRequest, NetworkAttachment } from '@berth/proto/container';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestContainers } from './support/containers.ts';
import { startService } from './support/crashing-service.ts';

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
  return { network, aliases: [], address: '', ipv6Address, hardwareAddress: '', gatewayPriority: 0 };
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
