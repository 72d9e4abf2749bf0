// What the options of macvlan and ipvlan networks say. Their interfaces have no host's end: they are children of an interface of the host.
import { BerthError } from '@berth/errors';
import { INTERFACE_NAME_MAX, isInterfaceName, networkMtu, type Network, type NetworkDriver } from './network.ts';

export type ChildDriver = 'macvlan' | 'ipvlan';

/** The children of a network, and their parent. */
export interface ChildOptions {
  /** An interface of the host; one that is made for the network when none was named. */
  readonly parent: string;
  /** What is made of that name when there is none; empty: nothing. */
  readonly parentKind: '' | 'dummy' | 'vlan';
  /** Of a vlan the interface that it is on, and its number. */
  readonly link: string;
  readonly vlanId: number;
  /** MACVLAN_MODE_*, IPVLAN_MODE_*. */
  readonly mode: number;
  /** IPVLAN_F_*. */
  readonly flags: number;
  /** 0: the parent's. */
  readonly mtu: number;
}

type Values = Readonly<Record<string, number>>;

/** The kernel's values of modes by Docker's names, the default first. */
const MODES: Readonly<Record<ChildDriver, Values>> = {
  macvlan: { bridge: 4, private: 1, vepa: 2, passthru: 8 },
  ipvlan: { l2: 0, l3: 1, l3s: 2 },
};
const FLAGS: Values = { bridge: 0, private: 1, vepa: 2 };
const DUMMY_PREFIX: Readonly<Record<ChildDriver, string>> = { macvlan: 'dm-', ipvlan: 'di-' };
const VLAN_ID_MAX = 4094;

export function isChildDriver(driver: NetworkDriver | string): driver is ChildDriver {
  return Object.hasOwn(MODES, driver);
}

/** Null for a network of another driver. Its options have been checked. */
export function childOptions({ id, driver, options }: Pick<Network, 'id' | 'driver' | 'options'>): ChildOptions | null {
  if (!isChildDriver(driver)) return null;
  const parent = options['parent'] ?? '';
  const values = {
    mode: MODES[driver][modeName(driver, options)] ?? 0,
    flags: FLAGS[options['ipvlan_flag'] || 'bridge'] ?? 0,
    mtu: networkMtu(options),
  };
  if (parent === '') {
    const name = `${DUMMY_PREFIX[driver]}${id.slice(0, 12)}`;
    return { ...values, parent: name, parentKind: 'dummy', link: '', vlanId: 0 };
  }
  const [link = '', number = '', ...more] = parent.split('.');
  const vlanId = /^[0-9]{1,4}$/.test(number) ? Number(number) : 0;
  if (vlanId === 0 || vlanId > VLAN_ID_MAX || more.length > 0) {
    return { ...values, parent, parentKind: '', link: '', vlanId: 0 };
  }
  return { ...values, parent, parentKind: 'vlan', link, vlanId };
}

/** Throws INVALID_ARGUMENT, in Docker's words. */
export function checkChildOptions(driver: ChildDriver, options: Network['options']): void {
  const parent = options['parent'] ?? '';
  const mode = modeName(driver, options);
  const flag = options['ipvlan_flag'] ?? '';
  if (!Object.hasOwn(MODES[driver], mode)) {
    throw invalid(
      `requested ${driver} mode '${mode}' is not valid, '${modeName(driver, {})}' mode is the ${driver} driver default`,
    );
  }
  if (flag !== '' && !Object.hasOwn(FLAGS, flag)) {
    throw invalid(`requested ipvlan flag '${flag}' is not valid, 'bridge' is the ipvlan driver default flag`);
  }
  if (parent === 'lo') throw invalid(`loopback interface is not a valid ${driver} parent link`);
  if (parent !== '' && !isInterfaceName(parent)) {
    throw invalid(`invalid parent ${JSON.stringify(parent)}: at most ${INTERFACE_NAME_MAX} of a-z, 0-9, . _ -`);
  }
}

/** Why a parent that does not exist cannot be made, in Docker's words. */
export function missingParentText({ parent, parentKind, link }: ChildOptions): string {
  if (parentKind === 'vlan') return `-o parent interface does was not found on the host: ${link}`;
  const [, number, ...more] = parent.split('.');
  if (number === undefined) return `invalid subinterface vlan name ${parent}, example formatting is eth0.10`;
  if (more.length > 0) {
    return `required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received ${parent}`;
  }
  if (/^[0-9]+$/.test(number)) return `vlan id must be between 1-${VLAN_ID_MAX}, received: ${Number(number)}`;
  return `unable to parse a valid vlan id from: ${number} (ex. eth0.10 for vlan 10)`;
}

/**
 * What keeps a network off its parent; null: nothing does. The kernel has one mode for all ipvlan interfaces of a parent, and lets one in
 * passthru mode be alone.
 */
export function parentConflict(network: Network, others: readonly Network[]): string | null {
  const own = childOptions(network);
  for (const other of others) {
    const its = childOptions(other);
    if (own === null || its === null || other.driver !== network.driver || its.parent !== own.parent) continue;
    if (network.driver === 'ipvlan' && (its.mode !== own.mode || its.flags !== own.flags)) {
      return `network ${other.name} is already using parent interface ${own.parent} in another mode`;
    }
    if (isPassthru(network)) {
      return `cannot use mode passthru, macvlan network ${other.id} is already using parent interface ${own.parent}`;
    }
    if (isPassthru(other)) {
      return `macvlan network ${other.id} is already using parent interface ${own.parent} in mode passthru`;
    }
  }
  return null;
}

/** Tells whether interfaces have a hardware address of their own, and not their parent's. */
export function hasHardwareAddress(network: Pick<Network, 'driver' | 'options'>): boolean {
  return network.driver !== 'ipvlan' && !isPassthru(network);
}

/** Tells whether the host routes between interfaces and their parent, so that they need no gateway. */
export function isRouted({ driver, options }: Pick<Network, 'driver' | 'options'>): boolean {
  return driver === 'ipvlan' && modeName(driver, options) !== 'l2';
}

function isPassthru({ driver, options }: Pick<Network, 'driver' | 'options'>): boolean {
  return driver === 'macvlan' && modeName(driver, options) === 'passthru';
}

function modeName(driver: ChildDriver, options: Network['options']): string {
  const [first = ''] = Object.keys(MODES[driver]);
  return options[`${driver}_mode`] || first;
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
