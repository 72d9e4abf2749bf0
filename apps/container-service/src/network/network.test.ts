import { describe, expect, test } from '@jest/globals';
import { parseRoutes } from '../adapters/host.ts';
import { chooseSubnet, createAddressPool, DEFAULT_SUBNETS } from './address-pool.ts';
import { parseCidr } from './network-config.ts';
import { formatIpv4, hardwareAddressOf, overlap, parseIpv4 } from './ipv4.ts';
import { DEFAULT_NAMES } from '../isolation.ts';
import { filterResolvConf, nameFiles } from './name-files.ts';

const format = ({ base, prefixLength }: { base: number; prefixLength: number }) =>
  `${formatIpv4(base)}/${prefixLength}`;

describe('addresses', () => {
  test('are parsed and formatted', () => {
    expect(formatIpv4(parseIpv4('172.31.255.1') as number)).toBe('172.31.255.1');
    for (const bad of ['1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d', '1..2.3', '']) expect(parseIpv4(bad)).toBeNull();
  });

  test('overlap when one network holds the other', () => {
    expect(overlap(parseCidr('10.0.0.0/8'), parseCidr('10.1.0.0/16'))).toBe(true);
    expect(overlap(parseCidr('10.1.0.0/16'), parseCidr('10.0.0.0/8'))).toBe(true);
    expect(overlap(parseCidr('10.1.0.0/16'), parseCidr('10.2.0.0/16'))).toBe(false);
  });

  test('have the hardware address of Docker', () => {
    expect(hardwareAddressOf(parseIpv4('172.17.0.2') as number)).toBe('02:42:ac:11:00:02');
  });
});

describe('chooseSubnet', () => {
  test('takes the first of Docker’s that nobody has', () => {
    expect(format(chooseSubnet([], 0))).toBe('172.17.0.0/16');
    expect(format(chooseSubnet([parseCidr('172.17.5.0/24'), parseCidr('172.18.0.0/16')], 0))).toBe('172.19.0.0/16');
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
    const reserved = [parseCidr(subnet).base + 1];
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
        },
        host,
      ).hosts,
    ).not.toContain('\th\n');
  });

  test('a host with only local name servers is stood in for', () => {
    expect(filterResolvConf('nameserver 127.0.0.53\noptions edns0\n')).toBe(
      'options edns0\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n',
    );
  });
});

test('the routes of the host are read, without the default route', () => {
  const text =
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n' +
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n' +
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n';
  expect(parseRoutes(text).map(format)).toEqual(['192.0.2.0/24']);
});
