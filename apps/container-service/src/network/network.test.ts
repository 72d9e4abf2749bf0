import { describe, expect, test } from '@jest/globals';
import { parseRoutes } from '../adapters/host.ts';
import {
  chooseIpv6Subnet,
  chooseSubnet,
  createAddressPool,
  DEFAULT_SUBNETS,
  randomIpv6Prefix,
} from './address-pool.ts';
import {
  formatAddress,
  formatCidr as format,
  hardwareAddressOf,
  overlap,
  parseAddress,
  parseCidr,
  type Address,
} from './ip-address.ts';
import { DEFAULT_NAMES } from '../isolation.ts';
import { filterResolvConf, nameFiles } from './name-files.ts';

const NO_IPV6 = { onLoopback: true, leaves: false };
const addressOf = (text: string) => parseAddress(text) as Address;

describe('addresses', () => {
  test.each([
    ['172.31.255.1', '172.31.255.1'],
    ['FD00:0:0:1::0:2', 'fd00:0:0:1::2'],
    ['::', '::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.1.2.3', '::ffff:a01:203'],
  ])('are parsed and formatted: %s', (text, same) => {
    expect(formatAddress(addressOf(text))).toBe(same);
  });

  test.each(['1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d', '1..2.3', '', ':', 'fd00:::1', 'fe80::1%eth0', 'fd00::g'])(
    'are refused: %j',
    (bad) => {
      expect(parseAddress(bad)).toBeNull();
    },
  );

  test('overlap when one network holds the other', () => {
    expect(overlap(parseCidr('10.0.0.0/8'), parseCidr('10.1.0.0/16'))).toBe(true);
    expect(overlap(parseCidr('10.1.0.0/16'), parseCidr('10.0.0.0/8'))).toBe(true);
    expect(overlap(parseCidr('10.1.0.0/16'), parseCidr('10.2.0.0/16'))).toBe(false);
    expect(overlap(parseCidr('fd00::/48'), parseCidr('fd00:0:0:7::/64'))).toBe(true);
    expect(overlap(parseCidr('0.0.0.0/0'), parseCidr('::/0'))).toBe(false);
  });

  test('have the hardware address of Docker', () => {
    expect(hardwareAddressOf(addressOf('172.17.0.2'))).toBe('02:42:ac:11:00:02');
  });
});

describe('chooseSubnet', () => {
  test('takes the first of Docker’s that nobody has', () => {
    expect(format(chooseSubnet([], 0))).toBe('172.17.0.0/16');
    expect(format(chooseSubnet([parseCidr('172.17.5.0/24'), parseCidr('172.18.0.0/16')], 0))).toBe('172.19.0.0/16');
  });

  test('has a network of 64 bits below the prefix of the engine', () => {
    expect(parseCidr(randomIpv6Prefix())).toMatchObject({ family: 6, prefixLength: 48 });
    const prefix = parseCidr('fd12:3456:789a::/48');
    expect(format(chooseIpv6Subnet(prefix, []))).toBe('fd12:3456:789a::/64');
    const inUse = [parseCidr('fd12:3456:789a::/64'), parseCidr('fd12:3456:789a:1:8::/80')];
    expect(format(chooseIpv6Subnet(prefix, inUse))).toBe('fd12:3456:789a:2::/64');
    expect(() => chooseIpv6Subnet(prefix, [prefix])).toThrow('all predefined address pools');
  });

  test('goes around from its start', () => {
    const last = DEFAULT_SUBNETS.length - 1;
    expect(format(chooseSubnet([], last))).toBe('192.168.240.0/20');
    expect(format(chooseSubnet([parseCidr('192.168.240.0/20')], last))).toBe('172.17.0.0/16');
  });

  test('refuses when all are taken', () => {
    expect(() => chooseSubnet([parseCidr('172.16.0.0/12'), parseCidr('192.168.0.0/16')], 3)).toThrow(
      'all predefined address pools have been fully subnetted',
    );
  });
});

describe('an address pool', () => {
  const poolOf = (subnet: string, range = subnet) => {
    const reserved = [parseCidr(subnet).base + 1n];
    return createAddressPool({ subnet: parseCidr(subnet), range: parseCidr(range), reserved });
  };
  const takeAll = (pool: ReturnType<typeof poolOf>, count: number) =>
    Array.from({ length: count }, () => pool.take(''));

  test('hands out the lowest free address, and never one twice', () => {
    const pool = poolOf('172.17.0.0/16');
    pool.claim('172.17.0.3');
    expect(takeAll(pool, 2)).toEqual(['172.17.0.2', '172.17.0.4']);
    pool.release('172.17.0.3');
    expect(takeAll(pool, 2)).toEqual(['172.17.0.3', '172.17.0.5']);
  });

  test('keeps the network, gateway and broadcast addresses, and says when it is empty', () => {
    const pool = poolOf('10.0.0.0/29');
    expect(takeAll(pool, 5)).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => pool.take('')).toThrow('no available IPv4 addresses on this network');
  });

  test('gives a wanted address of the subnet, also outside of the range, once', () => {
    const pool = poolOf('10.0.0.0/16', '10.0.5.0/30');
    expect(pool.take('10.0.9.9')).toBe('10.0.9.9');
    expect(() => pool.take('10.0.9.9')).toThrow('Address already in use');
    expect(() => pool.take('10.0.0.1')).toThrow('Address already in use');
    for (const outside of ['10.1.0.1', '10.0.0.0', '10.0.255.255', 'x']) {
      expect(() => pool.take(outside)).toThrow('requested address is out of range');
    }
    expect(takeAll(pool, 4)).toEqual(['10.0.5.0', '10.0.5.1', '10.0.5.2', '10.0.5.3']);
    expect(() => pool.take('')).toThrow('no available IPv4 addresses');
    pool.release('10.0.9.9');
    expect(() => pool.take('')).toThrow('no available IPv4 addresses');
  });
});

describe('an address pool of IPv6', () => {
  test('is as large as it is: the lowest that is free, wanted ones once, no broadcast address', () => {
    const subnet = parseCidr('fd00:1::/64');
    const pool = createAddressPool({ subnet, range: subnet, reserved: [subnet.base + 1n] });
    expect(pool.take('FD00:1::0:3')).toBe('fd00:1::3');
    expect([pool.take(''), pool.take('')]).toEqual(['fd00:1::2', 'fd00:1::4']);
    expect(pool.take('fd00:1::ffff:ffff:ffff:ffff')).toBe('fd00:1::ffff:ffff:ffff:ffff');
    expect(() => pool.take('fd00:1::3')).toThrow('Address already in use');
    for (const outside of ['fd00:1::', 'fd00:2::1', '10.0.0.1']) {
      expect(() => pool.take(outside)).toThrow('requested address is out of range');
    }
    pool.release('fd00:1::2');
    expect(pool.take('')).toBe('fd00:1::2');
  });

  test('says when its range is empty', () => {
    const options = { subnet: parseCidr('fd00:1::/64'), range: parseCidr('fd00:1::8/127'), reserved: [] };
    const pool = createAddressPool(options);
    expect([pool.take(''), pool.take('')]).toEqual(['fd00:1::8', 'fd00:1::9']);
    expect(() => pool.take('')).toThrow('no available IPv6 addresses on this network');
  });
});

describe('name files', () => {
  const host = { resolvConf: 'search a.b\nnameserver 127.0.0.1\nnameserver 192.0.2.7\nnameserver ::1\n', hosts: 'H\n' };

  test('a container on the bridge gets its own name and address', () => {
    const files = nameFiles(
      {
        networkMode: 'bridge',
        hostname: 'web.example',
        addresses: ['172.17.0.2'],
        nameServer: null,
        gateway: '172.17.0.1',
        names: DEFAULT_NAMES,
        ipv6: NO_IPV6,
      },
      host,
    );
    expect(files.hosts).toBe(
      '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n' +
        'ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n172.17.0.2\tweb.example web\n',
    );
    expect(files.hostname).toBe('web.example\n');
    expect(files.resolvConf).toBe('search a.b\nnameserver 192.0.2.7\n');
  });

  test('what the user gives takes the place of the host’s, directive by directive', () => {
    const names = {
      domainName: 'lan',
      extraHosts: ['db:10.0.0.9', 'gw:host-gateway'],
      dnsServers: ['127.0.0.7'],
      dnsSearch: ['.'],
      dnsOptions: ['ndots:2'],
    };
    const input = {
      networkMode: 'bridge',
      hostname: 'web',
      addresses: ['172.17.0.2'],
      nameServer: null,
      gateway: '172.17.0.1',
      names,
      ipv6: NO_IPV6,
    } as const;
    const files = nameFiles(input, host);
    expect(files.resolvConf).toBe('nameserver 127.0.0.7\noptions ndots:2\n');
    expect(files.hosts).toMatch(/\n10\.0\.0\.9\tdb\n172\.17\.0\.1\tgw\n172\.17\.0\.2\tweb\.lan web\n$/);
    expect(files.hostname).toBe('web\n');
  });

  test('one in the host’s network gets the host’s', () => {
    expect(
      nameFiles(
        {
          networkMode: 'host',
          hostname: 'h',
          addresses: [],
          nameServer: null,
          gateway: '172.17.0.1',
          names: DEFAULT_NAMES,
          ipv6: NO_IPV6,
        },
        host,
      ),
    ).toEqual({
      ...host,
      hostname: 'h\n',
    });
  });

  test('one without a network has no address in hosts', () => {
    expect(
      nameFiles(
        {
          networkMode: 'none',
          hostname: 'h',
          addresses: [],
          nameServer: null,
          gateway: '172.17.0.1',
          names: DEFAULT_NAMES,
          ipv6: NO_IPV6,
        },
        host,
      ).hosts,
    ).not.toContain('\th\n');
  });

  test('one without IPv6 on its loopback has no line of it', () => {
    const own = { hostname: 'web', addresses: ['172.18.0.2'], nameServer: null, gateway: '', names: DEFAULT_NAMES };
    const input = { networkMode: 'a', ...own, ipv6: { onLoopback: false, leaves: false } };
    expect(nameFiles(input, host).hosts).toBe('127.0.0.1\tlocalhost\n172.18.0.2\tweb\n');
  });

  test('a name server of IPv6 is kept where it can be reached', () => {
    const text = 'nameserver fd00::53\nnameserver ::1\nnameserver fe80::1%eth0\n';
    expect(filterResolvConf(text, true)).toBe('nameserver fd00::53\n');
    expect(filterResolvConf(text, false)).not.toContain('fd00');
  });

  test('a host with only local name servers is stood in for', () => {
    expect(filterResolvConf('nameserver 127.0.0.53\noptions edns0\n', false)).toBe(
      'options edns0\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n',
    );
  });
});

test('the routes of the host are read, without the default route', () => {
  const text =
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n' +
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' +
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n';
  expect(parseRoutes(text).map((subnet) => format(subnet))).toEqual(['192.0.2.0/24']);
});
