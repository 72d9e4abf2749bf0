import { describe, expect, test } from '@jest/globals';
import { endpointErrors, endpointSysctls } from './endpoint-options.ts';
import { interfaceNameAt } from './interface-name.ts';

const IFNAME = 'com.docker.network.endpoint.ifname';
const SYSCTLS = 'com.docker.network.endpoint.sysctls';
const network = { options: {} } as Parameters<typeof interfaceNameAt>[0];

describe('what is asked of a place on a network', () => {
  test('is right', () => {
    const driverOptions = { [IFNAME]: 'wan0', [SYSCTLS]: 'net.ipv4.conf.IFNAME.tag=1,net.ipv6.neigh.ifname.locktime=' };
    expect(endpointErrors({ driverOptions, linkLocalAddresses: ['169.254.1.1', 'fe80::5'] })).toEqual([]);
    expect(endpointSysctls({ driverOptions }, 'wan.0')).toEqual([
      { path: 'net/ipv4/conf/wan.0/tag', value: '1' },
      { path: 'net/ipv6/neigh/wan.0/locktime', value: '' },
    ]);
  });

  test.each([
    [{ x: '1' }, [], 'driver option x is not supported'],
    [{ [IFNAME]: 'all' }, [], 'invalid interface name: all'],
    [{ [IFNAME]: 'a/b' }, [], 'invalid interface name: a/b'],
    [
      { [SYSCTLS]: 'net.ipv4.conf.eth0.tag=1' },
      [],
      'invalid sysctl net.ipv4.conf.eth0.tag=1: expected net.X.Y.IFNAME.Z=value',
    ],
    [
      { [SYSCTLS]: 'net.ipv4.conf.IFNAME.tag' },
      [],
      'invalid sysctl net.ipv4.conf.IFNAME.tag: expected net.X.Y.IFNAME.Z=value',
    ],
    [{}, ['10.0.0.1'], 'invalid link local IP address: 10.0.0.1'],
    [{}, ['fd00::1'], 'invalid link local IP address: fd00::1'],
  ])('is wrong in %j, %j', (driverOptions, linkLocalAddresses, text) => {
    expect(endpointErrors({ driverOptions, linkLocalAddresses })).toEqual([text]);
  });

  test('names the interface; others keep clear of a name that is asked for', () => {
    const name = (driverOptions: Record<string, string>, names: string[], asked: string[] = []) =>
      interfaceNameAt(network, { driverOptions }, { names, asked });
    expect(name({ [IFNAME]: 'wan0' }, ['eth0'])).toBe('wan0');
    expect(name({}, ['eth0'], ['eth1'])).toBe('eth2');
    expect(() => name({ [IFNAME]: 'eth0' }, ['eth0'])).toThrow(
      'interface name eth0 is already in use in the container',
    );
  });
});
