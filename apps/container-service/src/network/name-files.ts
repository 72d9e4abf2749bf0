import type { NetworkMode } from '../container-config.ts';

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
  /** Null when it has none. */
  readonly address: string | null;
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

/** /etc/resolv.conf, /etc/hosts and /etc/hostname of a container, by Docker's rules. In the host's network they are the host's. */
export function nameFiles({ networkMode, hostname, address }: NameFilesInput, host: HostNameFiles): NameFiles {
  if (networkMode === 'host') return { ...host, hostname: `${hostname}\n` };
  const own = address === null ? [] : [`${address}\t${hostnames(hostname)}`];
  return {
    resolvConf: filterResolvConf(host.resolvConf),
    hosts: [...LOCAL_HOSTS, ...own, ''].join('\n'),
    hostname: `${hostname}\n`,
  };
}

/** A name server on the host's loopback cannot be reached from a container; when none is left, Google's stand in, as in Docker. */
export function filterResolvConf(text: string): string {
  const kept = text.split('\n').filter((line) => line.trim() !== '' && !isUnreachableNameserver(line));
  if (!kept.some((line) => /^\s*nameserver\s/.test(line))) {
    kept.push(...FALLBACK_NAMESERVERS.map((address) => `nameserver ${address}`));
  }
  return `${kept.join('\n')}\n`;
}

function isUnreachableNameserver(line: string): boolean {
  // IPv6 name servers cannot be reached either: the bridge has no IPv6.
  return /^\s*nameserver\s+(127\.|[0-9a-fA-F]*:)/.test(line);
}

/** A host name with dots also gets its first label, as in Docker. */
function hostnames(hostname: string): string {
  const [first = hostname] = hostname.split('.');
  return first === hostname ? hostname : `${hostname} ${first}`;
}
