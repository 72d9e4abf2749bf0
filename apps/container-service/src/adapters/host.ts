import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { subnetOf, type Subnet } from '../network/ip-address.ts';
import { parseIpv4 } from '../network/ipv4.ts';
import type { PortRange } from '../network/port-pool.ts';
import { DEFAULT_ID_RANGE, parseSubordinateIds, type IdRange } from '../user-namespace/id-ranges.ts';
import type { HostNameFiles } from '../network/name-files.ts';

const RESOLVED_STUB = '127.0.0.53';
const RESOLVED_UPSTREAM = '/run/systemd/resolve/resolv.conf';

/** The IPv4 networks that the host's interfaces and routes know. */
export function readHostSubnets(): Subnet[] {
  const interfaces = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, netmask }) => subnetOfMask(parseIpv4(address) ?? 0, parseIpv4(netmask) ?? 0));
  return [...interfaces, ...parseRoutes(readText('/proc/net/route'))];
}

/** The ports that the host gives out by itself, for connections and listeners that ask for any. */
export function readEphemeralPorts(): PortRange {
  const [first = 32_768, last = 60_999] = readText('/proc/sys/net/ipv4/ip_local_port_range')
    .trim()
    .split(/\s+/)
    .map(Number);
  return { first, last };
}

/** The networks of /proc/net/route, without the default route. Its numbers are in the byte order of the processor: little. */
export function parseRoutes(text: string): Subnet[] {
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  return rows
    .filter(({ length }) => length > 7)
    .map((row) => ({ base: swapped(row[1] ?? ''), mask: swapped(row[7] ?? '') }))
    .filter(({ mask }) => mask !== 0)
    .map(({ base, mask }) => subnetOfMask(base, mask));
}

/** /etc/resolv.conf and /etc/hosts. With systemd-resolved's stub the servers behind it, which containers can reach. */
export function readHostNameFiles(): HostNameFiles {
  const resolvConf = readText('/etc/resolv.conf');
  const servers = resolvConf.split('\n').filter((line) => line.startsWith('nameserver'));
  const isStub = servers.length === 1 && servers[0]?.includes(RESOLVED_STUB) === true;
  return {
    resolvConf: isStub && existsSync(RESOLVED_UPSTREAM) ? readText(RESOLVED_UPSTREAM) : resolvConf,
    hosts: readText('/etc/hosts'),
  };
}

/** The processors whose thermal history sysfs tells. */
export function listThermalCpus(): number[] {
  const dir = '/sys/devices/system/cpu';
  return readdirSync(dir)
    .map((name) => /^cpu([0-9]+)$/.exec(name)?.[1])
    .filter((cpu) => cpu !== undefined)
    .filter((cpu) => existsSync(`${dir}/cpu${cpu}/thermal_throttle`))
    .map(Number);
}

/** The ids of user namespaces: what /etc/subuid and /etc/subgid set aside, or Berth's own range. */
export function readUserIdRange(): IdRange {
  return parseSubordinateIds(readText('/etc/subuid'), readText('/etc/subgid')) ?? DEFAULT_ID_RANGE;
}

/** PRETTY_NAME of os-release. */
export function readOperatingSystem(): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readText('/etc/os-release'))?.[1] ?? 'Linux';
}

/** `1`, `2` or `hybrid`. */
export function readCgroupVersion(): string {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return '2';
  return existsSync('/sys/fs/cgroup/unified/cgroup.controllers') ? 'hybrid' : '1';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function subnetOfMask(address: number, mask: number): Subnet {
  const prefixLength = mask.toString(2).replaceAll('0', '').length;
  return subnetOf({ family: 4, value: BigInt(address) }, prefixLength);
}

function swapped(hex: string): number {
  return Buffer.from(hex, 'hex').reverse().readUInt32BE();
}
