import type { NetworkMode } from '../container-config.ts';
import type { NamesConfig } from '../isolation.ts';

/** What the host has in the files that containers get their own of. */
export interface HostNameFiles {
  readonly resolvConf: string;
  readonly hosts: string;
}

/** What a container's own files hold. */
export interface NameFiles {
  readonly resolvConf: string;
  readonly hosts: string;
  readonly hostname: string;
}

/** What the names of a container depend on. */
export interface NameFilesInput {
  readonly networkMode: NetworkMode;
  readonly hostname: string;
  readonly addresses: readonly string[];
  /** Where the names of its networks are answered; null: nowhere. */
  readonly nameServer: string | null;
  /** The host's address on the engine's network, which `host-gateway` stands for. */
  readonly gateway: string;
  readonly names: NamesConfig;
  /** Whether its loopback has IPv6, and whether it reaches others by it. */
  readonly ipv6: { readonly onLoopback: boolean; readonly leaves: boolean };
}

const FALLBACK_NAMESERVERS = ['8.8.8.8', '8.8.4.4'];
const LOCAL_HOSTS = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** /etc/resolv.conf, /etc/hosts and /etc/hostname of a container, by Docker's rules. In the host's network they begin as the host's. */
export function nameFiles(input: NameFilesInput, host: HostNameFiles): NameFiles {
  const { networkMode, hostname, addresses, nameServer, names } = input;
  const extra = names.extraHosts.map((entry) => hostsLine(entry, input.gateway));
  const own = addresses.map((address) => `${address}\t${hostnames(hostname, names.domainName)}`);
  const local = input.ipv6.onLoopback ? LOCAL_HOSTS : LOCAL_HOSTS.filter((line) => !line.includes(':'));
  // Servers of the container's own are asked by ours, for what no network knows.
  const dnsServers = nameServer === null ? names.dnsServers : [nameServer];
  const resolvConf = overrideResolvConf(host.resolvConf, { ...names, dnsServers });
  if (networkMode === 'host') {
    const hosts = host.hosts === '' || host.hosts.endsWith('\n') ? host.hosts : `${host.hosts}\n`;
    return { resolvConf, hosts: hosts + extra.map((line) => `${line}\n`).join(''), hostname: `${hostname}\n` };
  }
  return {
    resolvConf: dnsServers.length > 0 ? resolvConf : filterResolvConf(resolvConf, input.ipv6.leaves),
    hosts: [...local, ...extra, ...own, ''].join('\n'),
    hostname: `${hostname}\n`,
  };
}

/** /etc/hosts of a container that came on a network or left one: the lines of its own names as they are now, and all else that was written into it. */
export function changeHosts(current: string, fresh: string, ownNames: string): string {
  const isOwn = (line: string): boolean => line.endsWith(`\t${ownNames}`);
  const kept = current.split('\n').filter((line) => line !== '' && !isOwn(line));
  return [...kept, ...fresh.split('\n').filter(isOwn), ''].join('\n');
}

/** A name server on the host's loopback cannot be reached from a container; when none is left, Google's stand in, as in Docker. */
export function filterResolvConf(text: string, hasIpv6: boolean): string {
  const kept = text.split('\n').filter((line) => line.trim() !== '' && !isUnreachableNameserver(line, hasIpv6));
  if (!kept.some((line) => /^\s*nameserver\s/.test(line))) {
    kept.push(...FALLBACK_NAMESERVERS.map((address) => `nameserver ${address}`));
  }
  return `${kept.join('\n')}\n`;
}

/** Each of the three directives that the user gave takes the place of the host's. */
function overrideResolvConf(text: string, { dnsServers, dnsSearch, dnsOptions }: NamesConfig): string {
  const search = dnsSearch.filter((domain) => domain !== '.');
  const own = [
    ...dnsServers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(dnsOptions.length > 0 ? [`options ${dnsOptions.join(' ')}`] : []),
  ];
  const overridden = [
    ...(dnsServers.length > 0 ? ['nameserver'] : []),
    ...(dnsSearch.length > 0 ? ['search', 'domain'] : []),
    ...(dnsOptions.length > 0 ? ['options'] : []),
  ];
  if (overridden.length === 0) return text;
  const kept = text.split('\n').filter((line) => line.trim() !== '' && !overridden.includes(directive(line)));
  return [...own, ...kept, ''].join('\n');
}

function directive(line: string): string {
  return line.trim().split(/\s/, 1)[0] ?? '';
}

/** One of IPv6 is reached with IPv6 only, and never by its address on a link of the host's. */
function isUnreachableNameserver(line: string, hasIpv6: boolean): boolean {
  return (hasIpv6 ? /^\s*nameserver\s+(127\.|::1\s*$|fe[89ab]|.*%)/i : /^\s*nameserver\s+(127\.|[0-9a-f]*:)/i).test(
    line,
  );
}

function hostsLine(entry: string, gateway: string): string {
  const colon = entry.indexOf(':');
  const address = entry.slice(colon + 1);
  return `${address === 'host-gateway' ? gateway : address}\t${entry.slice(0, colon)}`;
}

/** The names of a container in its /etc/hosts. A host name with dots also gets its first label, as in Docker. */
export function hostnames(hostname: string, domainName: string): string {
  const full = domainName === '' ? hostname : `${hostname}.${domainName}`;
  const [first = full] = full.split('.');
  return first === full ? full : `${full} ${first}`;
}
