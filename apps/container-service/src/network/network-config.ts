import { isIPv6 } from 'node:net';
import { BerthError } from '@berth/errors';
import { usable } from './address-pool.ts';
import { formatIpv4, overlap, parseIpv4, subnetOf, subnetSize, type Subnet } from './ipv4.ts';
import {
  BRIDGE_OPTION,
  isBoolean,
  isPredefined,
  parentOptions,
  type NetworkDriver,
  type NetworkRequest,
  type NetworkSubnet,
} from './network.ts';

const INTERFACE_NAME_MAX = 15;
const MTU = { least: 68, most: 65_535 };

/** Checks what a request says, in Docker's words. Throws INVALID_ARGUMENT, NETWORK_PREDEFINED, NETWORK_DRIVER_NOT_FOUND, UNIMPLEMENTED. */
export function checkNetworkRequest(request: NetworkRequest): NetworkDriver {
  const { name, subnets } = request;
  if (name.trim() === '') throw invalid('invalid name: name is empty');

  if (name.length > 255 || /[\u0000-\u001f\u007f]/.test(name) || name.startsWith('container:')) {
    throw invalid(`invalid name: ${JSON.stringify(name)}`);
  }
  if (isPredefined({ name }) || name === 'default') {
    throw new BerthError('NETWORK_PREDEFINED', `operation is not permitted on predefined ${name} network `);
  }
  const driver = checkDriver(request.driver);
  if (request.ipv6 || subnets.some(({ subnet }) => isIPv6(subnet.split('/')[0] ?? ''))) {
    throw new BerthError('UNIMPLEMENTED', 'IPv6 is not supported on networks: only IPv4 subnets are');
  }
  if (subnets.length > 1) throw invalid(`${driver} driver doesn't support multiple subnets`);
  const errors = subnets.flatMap(subnetErrors);
  if (errors.length > 0) throw invalid(['invalid network config:', ...errors].join('\n'));
  if (driver === 'bridge') checkBridgeOptions(request.options);
  else checkParentOptions(request.options);
  return driver;
}

/** A subnet as Berth keeps it, with its gateway. It has been checked. */
export function completeSubnet({ subnet, ipRange, gateway, auxiliaryAddresses }: NetworkSubnet): NetworkSubnet {
  const whole = parseCidr(subnet);
  const held = Object.values(auxiliaryAddresses).map(parseIpv4);
  const first = Math.max(usable(whole).first, ipRange === '' ? 0 : parseCidr(ipRange).base);
  let own = parseIpv4(gateway);
  for (let candidate = first; own === null; candidate++) if (!held.includes(candidate)) own = candidate;
  return { subnet, ipRange, gateway: formatIpv4(own), auxiliaryAddresses };
}

/** The network of `172.17.0.0/16`, host bits zero. Throws on anything else. */
export function parseCidr(cidr: string): Subnet {
  const parsed = readCidr(cidr);
  if (parsed === null) throw new Error(`not a network: ${cidr}`);
  return subnetOf(parsed.address, parsed.prefixLength);
}

/** The text of a network. */
export function formatCidr({ base, prefixLength }: Subnet): string {
  return `${formatIpv4(base)}/${prefixLength}`;
}

function readCidr(cidr: string): { address: number; prefixLength: number } | null {
  const [text = '', length = '', ...rest] = cidr.split('/');
  const address = parseIpv4(text);
  if (address === null || rest.length > 0 || !/^[0-9]{1,2}$/.test(length) || Number(length) > 32) return null;
  return { address, prefixLength: Number(length) };
}

function checkDriver(driver: string): Exclude<NetworkDriver, 'host' | 'null'> {
  if (driver === '' || driver === 'bridge') return 'bridge';
  if (driver === 'macvlan') return driver;
  if (driver === 'host' || driver === 'null') {
    throw new BerthError('NETWORK_PREDEFINED', `only one instance of "${driver}" network is allowed`);
  }
  throw new BerthError('NETWORK_DRIVER_NOT_FOUND', `plugin ${JSON.stringify(driver)} not found`);
}

function subnetErrors({ subnet, ipRange, gateway, auxiliaryAddresses }: NetworkSubnet): string[] {
  const parsed = readCidr(subnet);
  if (parsed === null) return [`invalid subnet ${subnet}: invalid CIDR block notation`];
  const whole = subnetOf(parsed.address, parsed.prefixLength);
  const addressError = (text: string): string | null => {
    const address = parseIpv4(text);
    if (address === null) return 'invalid address';
    return contains(whole, address) ? null : `parent subnet ${subnet} doesn't contain this address`;
  };
  const wrong = [
    ...(whole.base === parsed.address ? [] : [`invalid subnet ${subnet}: it should be ${formatCidr(whole)}`]),
    ...(ipRange === '' ? [] : rangeErrors(ipRange, whole)),
    ...(gateway === '' ? [] : labelled(`invalid gateway ${gateway}`, addressError(gateway))),
    ...Object.entries(auxiliaryAddresses).flatMap(([name, address]) =>
      labelled(`invalid auxiliary address ${name}`, addressError(address)),
    ),
  ];
  const tooSmall = whole.prefixLength > 31 ? [`invalid subnet ${subnet}: it has no address for a container`] : [];
  return [...wrong, ...tooSmall];
}

function rangeErrors(ipRange: string, whole: Subnet): string[] {
  const parsed = readCidr(ipRange);
  if (parsed === null) return [`invalid ip-range ${ipRange}: invalid CIDR block notation`];
  const part = subnetOf(parsed.address, parsed.prefixLength);
  if (part.base !== parsed.address) return [`invalid ip-range ${ipRange}: it should be ${formatCidr(part)}`];
  if (part.prefixLength < whole.prefixLength) {
    return [`invalid ip-range ${ipRange}: CIDR block is bigger than its parent subnet ${formatCidr(whole)}`];
  }
  if (overlap(part, whole)) return [];
  return [`invalid ip-range ${ipRange}: parent subnet ${formatCidr(whole)} doesn't contain ip-range`];
}

function labelled(what: string, error: string | null): string[] {
  return error === null ? [] : [`${what}: ${error}`];
}

function contains({ base, prefixLength }: Subnet, address: number): boolean {
  return address >= base && address < base + subnetSize(prefixLength);
}

function checkParentOptions(options: Readonly<Record<string, string>>): void {
  const { parent, mode } = parentOptions(options);
  if (!isInterfaceName(parent)) throw invalid('macvlan needs an interface of the host: -o parent=eth0');
  if (mode === undefined) throw invalid(`requested macvlan mode '${options['macvlan_mode'] ?? ''}' is not valid`);
}

function isInterfaceName(name: string): boolean {
  return name.length <= INTERFACE_NAME_MAX && /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name);
}

function checkBridgeOptions(options: Readonly<Record<string, string>>): void {
  const name = options[BRIDGE_OPTION.name];
  if (name !== undefined && !isInterfaceName(name)) {
    throw invalid(`invalid bridge name ${JSON.stringify(name)}: at most ${INTERFACE_NAME_MAX} of a-z, 0-9, . _ -`);
  }
  for (const key of [BRIDGE_OPTION.communicates, BRIDGE_OPTION.masquerades]) {
    const value = options[key];
    if (value === undefined || isBoolean(value)) continue;
    throw invalid(`failed to parse ${key} value: ${value} (strconv.ParseBool: parsing "${value}": invalid syntax)`);
  }
  const mtu = options[BRIDGE_OPTION.mtu];
  if (mtu === undefined) return;
  if (!/^[0-9]{1,5}$/.test(mtu) || Number(mtu) < MTU.least || Number(mtu) > MTU.most) {
    throw invalid(`invalid MTU ${JSON.stringify(mtu)}: ${MTU.least} to ${MTU.most}`);
  }
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
