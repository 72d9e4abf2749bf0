import { BerthError } from '@berth/errors';
import { usable } from './address-pool.ts';
import { isChildDriver } from './child-options.ts';
import {
  contains,
  familyOf,
  formatAddress,
  formatCidr,
  overlap,
  parseAddress,
  parseCidr,
  readCidr,
  subnetOf,
  type Subnet,
} from './ip-address.ts';
import { isPredefined, type NetworkDriver, type NetworkRequest, type NetworkSubnet } from './network.ts';
import { checkNetworkOptions } from './network-options.ts';

const IPV6_SPECIAL = ['::/127', 'fe80::/10', 'ff00::/8'].map(parseCidr);

/** Checks what a request says, in Docker's words. Throws INVALID_ARGUMENT, NETWORK_PREDEFINED, NETWORK_DRIVER_NOT_FOUND. */
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
  if (!request.ipv4 && !request.ipv6) throw invalid('IPv4 or IPv6 must be enabled');
  const families = subnets.map(({ subnet }) => familyOf(subnet));
  if (new Set(families).size < families.length) throw invalid(`${driver} driver doesn't support multiple subnets`);
  const errors = [...subnets.flatMap(subnetErrors), ...subnets.flatMap((subnet) => familyErrors(subnet, request))];
  if (errors.length > 0) throw invalid(['invalid network config:', ...errors].join('\n'));
  checkNetworkOptions(driver, request.options);
  return driver;
}

/** A subnet as Berth keeps it, with its gateway unless it needs none. It has been checked. */
export function completeSubnet(asked: NetworkSubnet, needsGateway: boolean): NetworkSubnet {
  const { subnet, ipRange, gateway, auxiliaryAddresses } = asked;
  const whole = parseCidr(subnet);
  const { family } = whole;
  if (gateway === '' && !needsGateway) return { ...asked, subnet: formatCidr(whole) };
  const held = Object.values(auxiliaryAddresses).map((text) => parseAddress(text)?.value);
  const [first, ofRange] = [usable(whole).first, ipRange === '' ? 0n : parseCidr(ipRange).base];
  let own = parseAddress(gateway);
  for (let value = first > ofRange ? first : ofRange; own === null; value++) {
    if (!held.includes(value)) own = { family, value };
  }
  return { subnet: formatCidr(whole), ipRange, gateway: formatAddress(own), auxiliaryAddresses };
}

function checkDriver(driver: string): Exclude<NetworkDriver, 'host' | 'null'> {
  if (driver === '' || driver === 'bridge') return 'bridge';
  if (isChildDriver(driver)) return driver;
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
    const address = parseAddress(text);
    if (address === null) return 'invalid address';
    if (address.family !== whole.family) return `parent subnet is an IPv${whole.family} block`;
    return contains(whole, address) ? null : `parent subnet ${subnet} doesn't contain this address`;
  };
  const wrong = [
    ...(whole.base === parsed.address.value ? [] : [`invalid subnet ${subnet}: it should be ${formatCidr(whole)}`]),
    ...(ipRange === '' ? [] : rangeErrors(ipRange, whole)),
    ...(gateway === '' ? [] : labelled(`invalid gateway ${gateway}`, addressError(gateway))),
    ...Object.entries(auxiliaryAddresses).flatMap(([name, address]) =>
      labelled(`invalid auxiliary address ${name}`, addressError(address)),
    ),
  ];
  const tooSmall =
    whole.prefixLength > (whole.family === 4 ? 31 : 127)
      ? [`invalid subnet ${subnet}: it has no address for a container`]
      : [];
  return [...wrong, ...tooSmall];
}

function rangeErrors(ipRange: string, whole: Subnet): string[] {
  const parsed = readCidr(ipRange);
  if (parsed === null) return [`invalid ip-range ${ipRange}: invalid CIDR block notation`];
  const part = subnetOf(parsed.address, parsed.prefixLength);
  if (part.family !== whole.family)
    return [`invalid ip-range ${ipRange}: parent subnet is an IPv${whole.family} block`];
  if (part.base !== parsed.address.value) return [`invalid ip-range ${ipRange}: it should be ${formatCidr(part)}`];
  if (part.prefixLength < whole.prefixLength) {
    return [`invalid ip-range ${ipRange}: CIDR block is bigger than its parent subnet ${formatCidr(whole)}`];
  }
  if (overlap(part, whole)) return [];
  return [`invalid ip-range ${ipRange}: parent subnet ${formatCidr(whole)} doesn't contain ip-range`];
}

function labelled(what: string, error: string | null): string[] {
  return error === null ? [] : [`${what}: ${error}`];
}

/** What a subnet says must be so of its network too, and IPv6 has addresses that are no network's own. */
function familyErrors({ subnet }: NetworkSubnet, { ipv4, ipv6 }: NetworkRequest): string[] {
  const family = familyOf(subnet);
  if (!(family === 4 ? ipv4 : ipv6)) return [`invalid subnet ${subnet}: IPv${family} is not enabled on this network`];
  const parsed = readCidr(subnet);
  if (parsed === null || family === 4) return [];
  const special = IPV6_SPECIAL.some((other) => overlap(other, subnetOf(parsed.address, parsed.prefixLength)));
  return special ? [`invalid subnet ${subnet}: it has addresses of a link, of a loopback or of groups`] : [];
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
