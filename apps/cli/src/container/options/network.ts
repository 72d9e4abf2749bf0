// The options of `run` and `create` about networks.
import type { ContainerConfig, NetworkAttachment } from '@berth/proto/container';
import { CliError } from '../../cli-error.ts';
import { splitCsv } from '../../options/csv.ts';
import { parseInteger } from '../../options/go-values.ts';
import type { Options, OptionValues } from '../../options/option.ts';

export const NETWORK_OPTIONS = {
  ip: { kind: 'string', help: 'IPv4 address (e.g., 172.30.100.104)' },
  ip6: { kind: 'string', help: 'IPv6 address (e.g., 2001:db8::33)' },
  'link-local-ip': { kind: 'list', help: 'Container IPv4/IPv6 link-local addresses' },
  'mac-address': { kind: 'string', help: 'Container MAC address (e.g., 92:d0:c6:0a:29:33)' },
  net: { kind: 'list', aliasOf: 'network', hidden: true, help: '' },
  'net-alias': { kind: 'list', aliasOf: 'network-alias', hidden: true, help: '' },
  network: { kind: 'list', valueName: 'network', help: 'Connect a container to a network' },
  'network-alias': { kind: 'list', help: 'Add network-scoped alias for the container' },
} as const satisfies Options;

/** What a container asks for on a network when nothing is said. */
export const NOTHING_ASKED: Omit<NetworkAttachment, 'network'> = {
  aliases: [],
  address: '',
  ipv6Address: '',
  hardwareAddress: '',
  gatewayPriority: 0,
  driverOptions: {},
  linkLocalAddresses: [],
};

/** `key=value`, without what surrounds them, the key in small letters; null for what is none. */
export function parseDriverOption(text: string): { key: string; value: string } | null {
  const equals = text.indexOf('=');
  return equals < 1 ? null : { key: text.slice(0, equals).trim().toLowerCase(), value: text.slice(equals + 1).trim() };
}

/** The networks of a container. Throws CliError, in Docker's words. */
export function networkConfig(
  options: OptionValues<typeof NETWORK_OPTIONS>,
): Pick<ContainerConfig, 'networkMode' | 'networks'> {
  const asked = options.network.length === 0 ? ['default'] : options.network;
  const [first, ...others] = asked.map(parseNetwork) as [NetworkAttachment, ...NetworkAttachment[]];
  const networks = [withOptions(first, options), ...others];
  const names = networks.map(({ network }) => network);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CliError(`conflicting options: network "${twice}" is specified multiple times`, 125);
  const networkMode = first.network === 'default' ? '' : first.network;
  if (networks.length === 1 && isPlain(networks[0])) return { networkMode, networks: [] };
  if (names.some((name) => ['host', 'none'].includes(name) || name.startsWith('container:'))) {
    const text = 'conflicting options: cannot attach both user-defined and non-user-defined network-modes';
    throw new CliError(text, 125);
  }
  return {
    networkMode,
    networks: networks.map((each) => ({ ...each, network: each.network.replace(/^default$/, 'bridge') })),
  };
}

/** A hardware address, or what is wrong with it. Empty is none. */
function checkHardwareAddress(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(trimmed)) return trimmed.replaceAll('-', ':');
  throw new CliError(`${trimmed} is not a valid mac address`, 125);
}

function isPlain(attachment: NetworkAttachment | undefined): boolean {
  if (attachment === undefined) return true;
  const { aliases, address, ipv6Address, hardwareAddress, gatewayPriority, driverOptions, linkLocalAddresses } =
    attachment;
  const many = aliases.length + linkLocalAddresses.length + Object.keys(driverOptions).length;
  return many === 0 && address + ipv6Address + hardwareAddress === '' && gatewayPriority === 0;
}

/** What stands beside --network is for the first. */
function withOptions(first: NetworkAttachment, options: OptionValues<typeof NETWORK_OPTIONS>): NetworkAttachment {
  const aliases = options['network-alias'];
  const { ip = '', ip6 = '', 'mac-address': mac = '' } = options;
  const both = (flag: string, what: string): CliError =>
    new CliError(`conflicting options: cannot specify both ${flag} and per-network ${what}`, 125);
  if (first.aliases.length > 0 && aliases.length > 0) throw both('--network-alias', 'alias');
  if (first.address !== '' && ip !== '') throw both('--ip', 'IPv4 address');
  if (first.ipv6Address !== '' && ip6 !== '') throw both('--ip6', 'IPv6 address');
  if (first.hardwareAddress !== '' && mac !== '') throw both('--mac-address', 'MAC address');
  const linkLocal = options['link-local-ip'];
  if (first.linkLocalAddresses.length > 0 && linkLocal.length > 0)
    throw both('--link-local-ip', 'link-local IP addresses');
  return {
    ...first,
    aliases: [...first.aliases, ...aliases],
    linkLocalAddresses: [...first.linkLocalAddresses, ...linkLocal],
    address: first.address || ip,
    ipv6Address: first.ipv6Address || ip6,
    hardwareAddress: first.hardwareAddress || checkHardwareAddress(mac),
  };
}

/** A network's name, or `name=…,alias=…,ip=…,ip6=…,link-local-ip=…,mac-address=…,driver-opt=…,gw-priority=…`. */
function parseNetwork(text: string): NetworkAttachment {
  const attachment: NetworkAttachment = { network: '', ...structuredClone(NOTHING_ASKED) };
  if (!/^\w[\w-]*=.+/.test(text)) return { ...attachment, network: text };
  const fields = splitCsv(text);
  if (typeof fields === 'string') throw invalidNetwork(text, fields);
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) throw invalidNetwork(text, `invalid field ${field}`);
    setField(attachment, text, [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim()]);
  }
  if (attachment.network === '') throw invalidNetwork(text, 'network name/id is not specified');
  return attachment;
}

function setField(attachment: NetworkAttachment, text: string, [key, value]: [string, string]): void {
  switch (key) {
    case 'name':
      attachment.network = value;
      return;
    case 'alias':
      attachment.aliases.push(value);
      return;
    case 'ip':
      attachment.address = value;
      return;
    case 'ip6':
      attachment.ipv6Address = value;
      return;
    case 'link-local-ip':
      attachment.linkLocalAddresses.push(value);
      return;
    case 'driver-opt': {
      const option = parseDriverOption(value);
      if (option === null) throw invalidNetwork(text, 'invalid key value pair format in driver options');
      attachment.driverOptions[option.key] = option.value;
      return;
    }
    case 'mac-address':
      attachment.hardwareAddress = checkHardwareAddress(value);
      return;
    case 'gw-priority': {
      const priority = parseInteger(value);
      if (typeof priority === 'string') throw invalidNetwork(text, `invalid gw-priority: ${priority}`);
      attachment.gatewayPriority = priority;
      return;
    }
    default:
      throw invalidNetwork(text, `invalid field key ${key}`);
  }
}

function invalidNetwork(text: string, problem: string): CliError {
  return new CliError(`invalid argument "${text}" for "--network" flag: ${problem}`, 125);
}
