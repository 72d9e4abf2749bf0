import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { engineNames } from '@berth/client';
import type { Container, Network } from '@berth/proto/container';
import type { TestEngine } from '@berth/testkit';
import type { World } from './place.ts';

const LINKS = '/sys/class/net';
/** A guest has one for each network that it is on, and gets the lowest name that is free. */
const INTERFACES = ['eth0', 'eth1', 'eth2', 'eth3', 'eth4'];

/** What a process has of networks: interfaces but the loopback, IPv4 addresses, and the default gateway, empty for none. */
export function placesInside(pid: number): { interfaces: string[]; addresses: string[]; gateway: string } {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  const interfaces = [...read('dev').matchAll(/^ *(\w+):/gm)].flatMap(([, name]) =>
    name === 'lo' ? [] : (name ?? ''),
  );
  const local = [...read('fib_trie').matchAll(/\|-- ([0-9.]+)\n +\/32 host LOCAL/g)].map(
    ([, address]) => address ?? '',
  );
  const addresses = [...new Set(local.filter((address) => !address.startsWith('127.')))];
  const [, hex = ''] = /^\w+\t00000000\t([0-9A-F]{8})\t/m.exec(read('route')) ?? [];
  const gateway = [...Buffer.from(hex, 'hex')].reverse().join('.');
  return { interfaces: interfaces.sort(), addresses: addresses.sort(), gateway };
}

/** Bridges, their ports, interfaces of guests and what stands in the table: of what there is, and of nothing else. */
export function examineHost(
  { root }: TestEngine,
  networks: readonly Network[],
  running: readonly Container[],
  { guests, lans }: World,
): string[] {
  const { bridge, table } = engineNames(root);
  const bridgeOf = new Map(lans.map((lan) => [lan.name, lan.bridge]));
  const expected = new Set(networks.map(({ name }) => bridgeOf.get(name) ?? name));
  const links = new Set(readdirSync(LINKS));
  const ports = new Map(running.flatMap(portsOf));
  const problems: string[] = [];
  for (const lan of lans) {
    if (links.has(lan.bridge) && !expected.has(lan.bridge)) problems.push(`bridge ${lan.bridge} is there`);
  }
  for (const [port, network] of ports) {
    const master = network === 'bridge' ? bridge : (bridgeOf.get(network) ?? network);
    if (!existsSync(`${LINKS}/${master}/brif/${port}`)) problems.push(`${port} is no port of ${master}`);
  }
  const ids = [...guests.flatMap(({ id }) => id ?? []), ...running.map(({ id }) => id)];
  for (const port of ids.flatMap((id) => INTERFACES.map((name) => hostEnd(id, name)))) {
    if (links.has(port) && !ports.has(port)) problems.push(`interface ${port} is there`);
  }
  const internal = networks.filter((network) => network.internal).map(({ name }) => bridgeOf.get(name) ?? name);
  for (const [set, allowed] of [
    ['bridges', [bridge, ...expected]],
    ['masqueraded', [bridge, ...expected].filter((name) => !internal.includes(name))],
    ['internal', internal],
  ] as const) {
    problems.push(...elements(table, set).flatMap((name) => (allowed.includes(name) ? [] : `${set} has ${name}`)));
  }
  const inTable = elements(table, 'bridges');
  problems.push(
    ...[...ports.values()].flatMap((name) => {
      const used = bridgeOf.get(name) ?? bridge;
      return inTable.includes(used) ? [] : [`bridge ${used} is not in the table`];
    }),
  );
  return problems;
}

function portsOf({ id, networks }: Container): [string, string][] {
  return networks.map(({ interfaceName, network }) => [hostEnd(id, interfaceName), network]);
}

/** The host's end of a veth pair: hostInterface of apps/container-service/src/plan/build-plan.ts. */
function hostEnd(id: string, name: string): string {
  const digits = name === 'eth0' ? id : createHash('sha256').update(id).update(name).digest('hex');
  return `bv${digits.slice(0, 11)}`;
}

function elements(table: string, set: string): string[] {
  const { stdout } = spawnSync('nft', ['list', 'set', 'ip', table, set], { encoding: 'utf8' });
  const [, text = ''] = /elements = \{([^}]*)\}/.exec(stdout) ?? [];
  return [...text.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '');
}
