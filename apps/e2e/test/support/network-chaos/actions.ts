import {
  ContainerConfig,
  CreateNetworkRequest,
  NetworkAttachment,
  type RunContainerRequest,
} from '@berth/proto/container';
import { isBerthError } from '@berth/errors';
import { once, type ContainerClient } from '../chaos/actions.ts';
import type { Random } from '../chaos/random.ts';
import { isGone, type Guest, type Lan, type World } from './place.ts';

/** What an action needs. `complain` takes what should never be, whatever is killed meanwhile. */
export interface ActionContext {
  readonly client: ContainerClient;
  readonly random: Random;
  readonly world: World;
  complain(problem: string): void;
}

const MOST_GUESTS = 8;

/** Does something that a user would do. It may fail when something is killed meanwhile: what is so then is not known. */
export async function act(context: ActionContext): Promise<void> {
  const { random, world } = context;
  const lans = world.lans.filter(({ busy }) => !busy);
  const guests = world.guests.filter((guest) => !guest.busy && guest.id !== null && !isGone(guest));
  const missing = lans.filter(({ exists }) => exists !== true);
  const doing = chooseAction();
  await doing.catch((error: unknown) => {
    if (isBerthError(error) && error.kind !== 'internal') return;
    context.complain(`an action failed with ${String(error)}`);
  });

  function chooseAction(): Promise<void> {
    if (missing.length > 0 && random.chance(0.4)) return createLan(context, random.pick(missing));
    if (guests.length > MOST_GUESTS) return remove(context, random.pick(guests));
    if (guests.length === 0 || random.chance(0.25)) return run(context);
    if (lans.length > 0 && random.chance(0.1)) return removeLan(context, random.pick(lans));
    if (lans.length === world.lans.length && random.chance(0.03)) return prune(context);
    const guest = random.pick(guests);
    const lan = random.pick(world.lans);
    if (random.chance(0.6)) {
      return guest.told.get(lan.name) ? disconnect(context, guest, lan) : connect(context, guest, lan);
    }
    return random.pick([rename, restart, kill, remove])(context, guest);
  }
}

/** Removes every guest and every network. */
export async function removeAll(client: ContainerClient, { guests, lans }: World): Promise<void> {
  const { containers } = await client.listContainers({ all: true });
  for (const { id } of containers) await client.deleteContainer({ container: id, force: true, volumes: true });
  for (const guest of guests) guest.removed = 'told';
  await client.pruneNetworks({ filters: [] });
  for (const lan of lans) lan.exists = false;
}

/** Runs with somebody for itself. */
async function alone(one: { busy: boolean }, run: () => Promise<unknown>): Promise<void> {
  one.busy = true;
  try {
    await run();
  } finally {
    one.busy = false;
  }
}

function createLan({ client }: ActionContext, lan: Lan): Promise<void> {
  return alone(lan, async () => {
    lan.exists = null;
    const options = { 'com.docker.network.bridge.name': lan.bridge };
    const { name, internal } = lan;
    await client.createNetwork(CreateNetworkRequest.fromPartial({ name, internal, options }));
    lan.exists = true;
  });
}

function removeLan({ client }: ActionContext, lan: Lan): Promise<void> {
  return alone(lan, async () => {
    const before = lan.exists;
    lan.exists = null;
    try {
      await client.deleteNetwork({ network: lan.name });
      lan.exists = false;
    } catch (error) {
      if (isBerthError(error, 'NETWORK_IN_USE')) lan.exists = before;
      throw error;
    }
  });
}

/** With all networks for itself: one that is made meanwhile may be pruned or not. */
async function prune({ client, world }: ActionContext): Promise<void> {
  for (const lan of world.lans) Object.assign(lan, { exists: null, busy: true });
  try {
    await client.pruneNetworks({ filters: [] });
  } finally {
    for (const lan of world.lans) lan.busy = false;
  }
}

/** On one or two networks; with an alias that all of them share. */
async function run({ client, random, world }: ActionContext): Promise<void> {
  const lans = [random.pick(world.lans), random.pick(world.lans)].filter((lan, at, all) => all.indexOf(lan) === at);
  const name = `guest-${world.guests.length}`;
  const home = lans[0]?.name ?? '';
  const guest: Guest = { name, home, id: null, busy: false, told: new Map(), removed: 'no' };
  world.guests.push(guest);
  const networks = lans.map((lan) => NetworkAttachment.fromPartial({ network: lan.name, aliases: ['shared'] }));
  const command = ['sleep', '1000'];
  const config = ContainerConfig.fromPartial({ image: 'busybox', command, networkMode: home, networks });
  await alone(guest, async () => {
    const start = { name, config, terminalSize: undefined, detach: true };
    for await (const { event } of client.runContainer(
      once<RunContainerRequest>({ request: { $case: 'start', value: start } }),
    )) {
      if (event?.$case === 'created') guest.id = event.value.id;
      if (event?.$case === 'started') for (const lan of lans) guest.told.set(lan.name, true);
    }
  });
}

function connect({ client }: ActionContext, guest: Guest, lan: Lan): Promise<void> {
  return alone(guest, async () => {
    guest.told.delete(lan.name);
    const attachment = NetworkAttachment.fromPartial({ network: lan.name, aliases: ['shared'] });
    await client.connectNetwork({ container: guest.id ?? '', attachment });
    guest.told.set(lan.name, true);
  });
}

function disconnect({ client }: ActionContext, guest: Guest, lan: Lan): Promise<void> {
  return alone(guest, async () => {
    guest.told.delete(lan.name);
    await client.disconnectNetwork({ container: guest.id ?? '', network: lan.name, force: false });
    guest.told.set(lan.name, false);
  });
}

function rename({ client }: ActionContext, guest: Guest): Promise<void> {
  return alone(guest, () => client.renameContainer({ container: guest.id ?? '', name: `${guest.name}-a` }));
}

function restart({ client }: ActionContext, guest: Guest): Promise<void> {
  return alone(guest, async () => {
    // One that has left its last network comes home.
    if (guest.told.get(guest.home) === false) guest.told.delete(guest.home);
    await client.restartContainer({ container: guest.id ?? '', timeoutSeconds: 0, signal: '' });
  });
}

function kill({ client }: ActionContext, guest: Guest): Promise<void> {
  return alone(guest, () => client.killContainer({ container: guest.id ?? '', signal: 'KILL' }));
}

function remove({ client }: ActionContext, guest: Guest): Promise<void> {
  return alone(guest, async () => {
    guest.removed = 'asked';
    await client.deleteContainer({ container: guest.id ?? '', force: true, volumes: true });
    guest.removed = 'told';
  });
}
