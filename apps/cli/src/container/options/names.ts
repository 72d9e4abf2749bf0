// What a container knows of names.
import { isIP } from 'node:net';
import type { ContainerConfig } from '@berth/proto/container';
import { quote } from '../../format/text.ts';
import type { Options, OptionValues } from '../../options/option.ts';

export const NAMES_OPTIONS = {
  'add-host': { kind: 'list', help: 'Add a custom host-to-IP mapping (host:ip)', check: checkHost },
  dns: { kind: 'list', help: 'Set custom DNS servers', check: checkServer },
  'dns-opt': { kind: 'list', aliasOf: 'dns-option', hidden: true, help: '' },
  'dns-option': { kind: 'list', help: 'Set DNS options' },
  'dns-search': { kind: 'list', help: 'Set custom DNS search domains', check: checkDomain },
  domainname: { kind: 'string', help: 'Container NIS domain name' },
  hostname: { kind: 'string', short: 'h', help: 'Container host name' },
} as const satisfies Options;

type NamesFields = 'dnsOptions' | 'dnsSearch' | 'dnsServers' | 'domainName' | 'extraHosts' | 'hostname';

/** What the options say about names. */
export function namesConfig(options: OptionValues<typeof NAMES_OPTIONS>): Pick<ContainerConfig, NamesFields> {
  return {
    dnsOptions: options['dns-option'],
    dnsSearch: options['dns-search'].map((domain) => domain.trim()),
    dnsServers: options.dns.map((server) => server.trim()),
    domainName: options.domainname ?? '',
    extraHosts: options['add-host'].map((text) => splitHost(text).join(':')),
    hostname: options.hostname ?? '',
  };
}

/** `name:address` or `name=address`; an IPv6 address may be in brackets. */
function splitHost(text: string): [name: string, address: string] {
  const equals = text.indexOf('=');
  const at = equals === -1 ? text.indexOf(':') : equals;
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')];
}

function checkHost(text: string): string | undefined {
  const [name, address] = splitHost(text);
  if (name === '' || address === '') return `bad format for add-host: ${quote(text)}`;
  if (address === 'host-gateway' || isIP(address) !== 0) return undefined;
  return `invalid IP address in add-host: ${quote(address)}`;
}

function checkServer(text: string): string | undefined {
  return isIP(text.trim()) === 0 ? `IP address is not correctly formatted: ${text}` : undefined;
}

function checkDomain(text: string): string | undefined {
  const domain = text.trim();
  const valid =
    domain === '.' || (domain.length < 255 && /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?\.?$/.test(domain));
  return valid ? undefined : `${text} is not a valid domain`;
}
