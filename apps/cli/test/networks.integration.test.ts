// The commands about networks, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import type { DeepPartial, Network } from '@berth/proto/container';
import { WEB } from './listed-engine.ts';
import { useBerth } from './use-fake-engine.ts';

const start = useBerth({ cwd: '/tmp' });

const NETWORK: DeepPartial<Network> = {
  id: 'ab'.repeat(32),
  name: 'net',
  driver: 'bridge',
  ipv4: true,
  ipv6: true,
  createTime: { seconds: 1_767_225_600n, nanos: 5 },
  subnets: [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1', auxiliaryAddresses: { r: '172.18.0.9' } }],
  labels: { b: '2', a: '1' },
  containers: [
    {
      id: WEB,
      name: 'web',
      endpointId: 'e',
      hardwareAddress: '02:42:ac:12:00:02',
      address: '172.18.0.2',
      prefixLength: 16,
      ipv6Address: 'fd00:1::2',
      ipv6PrefixLength: 64,
    },
  ],
};
const NONE: DeepPartial<Network> = { id: 'cd'.repeat(32), name: 'none', driver: 'null' };

test('network ls and inspect', async () => {
  const berth = await start({
    container: {
      listNetworks: async () => ({ networks: [NETWORK, NONE] }),
      getNetwork: async ({ network: name }) => {
        if (name !== 'net') throw new BerthError('NETWORK_NOT_FOUND', `network ${name} not found`);
        return { network: NETWORK };
      },
    },
  });
  expect((await berth('network', 'ls')).stdout).toBe(
    `NETWORK ID     NAME      DRIVER    SCOPE
abababababab   net       bridge    local
cdcdcdcdcdcd   none      null      local
`,
  );
  expect((await berth('network', 'ls', '-q')).stdout).toBe('abababababab\ncdcdcdcdcdcd\n');
  expect((await berth('network', 'ls', '--format', '{{.Name}} {{.Labels}} {{.Internal}}')).stdout).toBe(
    'net a=1,b=2 false\nnone  false\n',
  );
  const { stdout, stderr, code } = await berth('network', 'inspect', 'net', 'nope');
  expect([stderr, code]).toEqual(['Error response from daemon: network nope not found\n', 1]);
  expect(JSON.parse(stdout)).toEqual([
    {
      Name: 'net',
      Id: 'ab'.repeat(32),
      Created: '2026-01-01T00:00:00.000000005Z',
      Scope: 'local',
      Driver: 'bridge',
      EnableIPv4: true,
      EnableIPv6: true,
      IPAM: {
        Driver: 'default',
        Options: {},
        Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1', AuxiliaryAddresses: { r: '172.18.0.9' } }],
      },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: {
        [WEB]: {
          Name: 'web',
          EndpointID: 'e',
          MacAddress: '02:42:ac:12:00:02',
          IPv4Address: '172.18.0.2/16',
          IPv6Address: 'fd00:1::2/64',
        },
      },
      Options: {},
      Labels: { a: '1', b: '2' },
    },
  ]);
});

test('network create, rm and prune', async () => {
  const requests: unknown[] = [];
  const berth = await start({
    container: {
      createNetwork: async (request) => {
        requests.push(request);
        return { id: 'ab'.repeat(32) };
      },
      deleteNetwork: async ({ network }) => {
        if (network !== 'net') throw new BerthError('NETWORK_NOT_FOUND', `network ${network} not found`);
        return {};
      },
      pruneNetworks: async ({ filters }) => ({ deletedNames: filters.length === 0 ? ['a', 'b'] : [] }),
    },
  });
  const single = ['--scope', 'local', '--ipam-driver', 'default'];
  const create = [
    'network',
    'create',
    '--subnet',
    '10.1.0.0/16',
    '--gateway',
    '10.1.0.9',
    '--aux-address',
    'r=10.1.0.5',
  ];
  expect((await berth(...create, '-o', 'a=b', '--label', 'l', ...single, 'net')).stdout).toBe(`${'ab'.repeat(32)}\n`);
  await berth(
    'network',
    'create',
    '--ipv6',
    '--ipv4=false',
    '--subnet',
    'fd00:1::/64',
    '--gateway',
    'fd00:1::9',
    'six',
  );
  expect(requests).toMatchObject([
    {
      name: 'net',
      subnets: [{ subnet: '10.1.0.0/16', gateway: '10.1.0.9', auxiliaryAddresses: { r: '10.1.0.5' } }],
      options: { a: 'b' },
      labels: { l: '' },
      ipv6: false,
      withoutIpv4: false,
    },
    { ipv6: true, withoutIpv4: true, subnets: [{ subnet: 'fd00:1::/64', gateway: 'fd00:1::9' }] },
  ]);
  const CONFIGURATIONS_ARE_REFUSED =
    'Error response from daemon: networks that are a configuration only are for several hosts: give each network its own options';
  const failing: [string[], string][] = [
    [['--gateway', '10.0.0.1'], 'every ip-range or gateway must have a corresponding subnet'],
    [['--subnet', '10.0'], 'invalid subnet: invalid CIDR address: 10.0'],
    [['--subnet', '10.0.0.0/8,10.1.0.0/16'], 'multiple overlapping subnet configuration is not supported'],
    [['--subnet', '10.0.0.0/8', '--gateway', '11.0.0.1'], 'no matching subnet for gateway 11.0.0.1'],
    [['--ipam-driver', 'x'], 'Error response from daemon: plugin "x" not found'],
    [['--ipam-opt', 'a=b'], 'Error response from daemon: the IPAM driver default has no options'],
    [['--scope', 'x'], 'Error response from daemon: invalid network scope: x'],
    [['--config-only'], CONFIGURATIONS_ARE_REFUSED],
    [['--config-from', 'x'], CONFIGURATIONS_ARE_REFUSED],
    [['--ingress'], 'Error response from daemon: Ingress network can only be global scope network'],
  ];
  for (const [options, text] of failing) {
    expect(await berth('network', 'create', ...options, 'x')).toMatchObject({ stderr: `${text}\n`, code: 1 });
  }
  expect(await berth('network', 'rm', 'net', 'nope')).toMatchObject({
    stdout: 'net\n',
    stderr: 'Error response from daemon: network nope not found\n',
    code: 1,
  });
  expect(await berth('network', 'rm', '-f', 'nope', 'net')).toMatchObject({ stdout: 'net\n', stderr: '', code: 0 });
  expect((await berth('network', 'prune', '-f')).stdout).toBe('Deleted Networks:\na\nb\n\n');
  expect((await berth('network', 'prune', '-f', '--filter', 'label=x')).stdout).toBe('');
});
