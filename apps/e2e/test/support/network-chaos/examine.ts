import { isBerthError } from '@berth/errors';
import { ContainerStatus, ExecContainerStart, type Container, type Network } from '@berth/proto/container';
import { waitFor, type TestEngine } from '@berth/testkit';
import { runExec, type ContainerClient } from '../chaos/actions.ts';
import { examineHost, placesInside } from './host.ts';
import type { World } from './place.ts';

/** So many addresses of a name come by UDP at least, which is all that busybox asks by. */
const DATAGRAM_ANSWERS = 20;

/** What the engine says that there is. */
interface Told {
  readonly running: readonly Container[];
  readonly all: readonly Container[];
  readonly networks: readonly Network[];
}

/** Compares what the engine tells with what it has said before, with the kernel, and with what it answers for names. */
export async function examine(client: ContainerClient, engine: TestEngine, world: World): Promise<string[]> {
  let problems: string[] = [];
  const isRight = async () => {
    const told = await ask(client);
    problems = [
      ...examineTold(told, world),
      ...examineAddresses(told),
      ...told.running.flatMap(examineInside),
      ...examineHost(engine, told.networks, told.running, world),
    ];
    if (problems.length === 0) problems = await examineNames(client, told, world);
    return problems.length === 0;
  };
  await waitFor(isRight, { what: 'the recovery', timeoutMs: 10_000 }).catch((error: unknown) => {
    if (isBerthError(error, 'SERVICE_UNAVAILABLE')) throw error;
    problems.push(String(error));
  });
  return problems;
}

async function ask(client: ContainerClient): Promise<Told> {
  const { networks } = await client.listNetworks({ filters: [{ key: 'type', value: 'custom' }] });
  const { containers: all } = await client.listContainers({ all: true });
  return { all, networks, running: all.filter(({ status }) => status === ContainerStatus.RUNNING) };
}

function examineTold({ all, running, networks }: Told, { guests, lans }: World): string[] {
  const problems: string[] = [];
  for (const { name, exists } of lans) {
    const found = networks.some((network) => network.name === name);
    if (exists !== null && found !== exists)
      problems.push(`${name} is ${found ? '' : 'not '}there, as it was not told`);
  }
  for (const { name, id, removed, told } of guests) {
    const container = all.find((each) => each.id === id || (id === null && each.name === name));
    if (container === undefined && id !== null && removed === 'no') problems.push(`${name} is lost`);
    if (container !== undefined && removed === 'told') problems.push(`${name} was removed, and is there`);
    const wanted = container?.config?.networks.map(({ network }) => network) ?? [];
    for (const [network, isOn] of container === undefined ? [] : told) {
      if (wanted.includes(network) !== isOn) problems.push(`${name} is ${isOn ? 'not ' : ''}on ${network}`);
    }
  }
  for (const network of networks) {
    const listed = network.containers.map(({ id }) => id).sort();
    const placed = running.filter((container) => isOn(container, network)).map(({ id }) => id);
    if (String(listed) !== String(placed.sort())) problems.push(`${network.name} has ${String(listed)} on it`);
  }
  return problems;
}

/** Each one's own, and one that its network has. */
function examineAddresses({ running, networks }: Told): string[] {
  const holders = new Map<string, string>();
  return running.flatMap(({ name, networks: places }) =>
    places.flatMap(({ address, networkId, network }) => {
      const other = holders.get(address);
      holders.set(address, name);
      const exists = network === 'bridge' || networks.some(({ id }) => id === networkId);
      return [
        ...(other === undefined ? [] : [`${other} and ${name} have ${address}`]),
        ...(exists ? [] : [`${name} is on ${network}, which there is not`]),
      ];
    }),
  );
}

function examineInside({ name, pid, networks, network, config }: Container): string[] {
  const wanted = (config?.networks ?? []).map((each) => each.network);
  const placed = networks.map((place) => place.network);
  const inside = placesInside(pid);
  const told = networks.map(({ interfaceName }) => interfaceName).sort();
  const addresses = networks.map(({ address }) => address).sort();
  const gateway = network?.gateway ?? '';
  return [
    ...(String(wanted.toSorted()) === String(placed.toSorted()) || wanted.length === 0
      ? []
      : [`${name} is to be on ${String(wanted)}, and is on ${String(placed)}`]),
    ...(String(inside.interfaces) === String(told) ? [] : [`${name} has ${String(inside.interfaces)}`]),
    ...(String(inside.addresses) === String(addresses) ? [] : [`${name} has ${String(inside.addresses)}`]),
    ...(inside.gateway === gateway ? [] : [`${name} has the gateway ${inside.gateway}, not ${gateway}`]),
  ];
}

/** What one guest of each network hears of its neighbours, and of those that have gone. */
async function examineNames(client: ContainerClient, told: Told, { guests }: World): Promise<string[]> {
  const found = await Promise.all(
    told.networks.map(async (network) => {
      const members = told.running.filter((container) => isOn(container, network));
      // One that is on another network too would hear of the neighbours there.
      const asking = members.find(({ networks }) => networks.length === 1);
      if (asking === undefined) return [];
      const known = members.map(({ name }) => name);
      const gone = network.internal ? guests.map(({ name }) => name).filter((name) => !known.includes(name)) : [];
      const names = [...known, 'shared', ...gone.slice(-20)];
      const answers = await lookUp(client, asking, names);
      return names.flatMap((name) => {
        const holders = members.filter(
          (member) => member.name === name || (name === 'shared' && isShared(member, network)),
        );
        const right = holders.map((holder) => addressOn(holder, network)).sort();
        const heard = answers.get(name) ?? [];
        const isPart = heard.length >= DATAGRAM_ANSWERS && heard.every((address) => right.includes(address));
        if (String(heard) === String(right) || isPart) return [];
        return [`${asking.name} on ${network.name} hears that ${name} is at ${String(heard)}, not ${String(right)}`];
      });
    }),
  );
  return found.flat();
}

async function lookUp(
  client: ContainerClient,
  { id }: Container,
  names: readonly string[],
): Promise<Map<string, string[]>> {
  const ask = 'for name; do echo "= $name"; nslookup -type=a "$name." 2>/dev/null | sed 1,3d; done';
  const { text } = await runExec(
    client,
    ExecContainerStart.fromPartial({ container: id, command: ['sh', '-c', ask, 'sh', ...names] }),
  );
  return new Map(
    text.split('= ').map((answer) => {
      const [name = '', ...lines] = answer.split('\n');
      const addresses = lines.flatMap((line) => /^Address(?: \d+)?: ([0-9.]+)$/.exec(line)?.[1] ?? []);
      return [name, addresses.sort()];
    }),
  );
}

function isOn({ networks }: Container, { id }: Network): boolean {
  return networks.some(({ networkId }) => networkId === id);
}

/** One that was started again after it had left its only network is there without an alias. */
function isShared({ config }: Container, network: Network): boolean {
  return config?.networks.some((each) => each.network === network.name && each.aliases.includes('shared')) ?? false;
}

function addressOn({ networks }: Container, { id }: Network): string {
  return networks.find(({ networkId }) => networkId === id)?.address ?? '';
}
