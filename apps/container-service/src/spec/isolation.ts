import { isIP } from 'node:net';
import { BerthError } from '@berth/errors';
import type { ContainerConfig } from '../container-config.ts';
import { joinedContainer } from '../isolation.ts';
import { planTmpfs } from '../plan/tmpfs.ts';

/** What the native helper takes. */
const MAX_PROFILE_NAME_BYTES = 512;

/** Checks what a config says about isolation and names. Throws INVALID_ARGUMENT, in Docker's words where it has some. */
export function checkIsolation(config: ContainerConfig): void {
  checkConflicts(config);
  checkProfiles(config);
  checkNames(config);
  for (const { type, target, tmpfsOptions } of config.mounts)
    if (type === 'tmpfs') planTmpfs(target, tmpfsOptions ?? '');
}

function checkConflicts(config: ContainerConfig): void {
  const { hostname, networkMode, isolation, names } = config;
  if (isolation.utsMode === 'host' && hostname !== '') {
    throw invalid('conflicting options: hostname and the UTS mode');
  }
  if (isolation.utsMode === 'host' && names.domainName !== '') {
    throw invalid('conflicting options: domain name and the UTS mode');
  }
  if (joinedContainer(networkMode) === null) return;
  if (hostname !== '') throw invalid('conflicting options: hostname and the network mode');
  if (names.dnsServers.length > 0) throw invalid('conflicting options: dns and the network mode');
  if (names.dnsSearch.length > 0 || names.dnsOptions.length > 0) {
    throw invalid('conflicting options: dns and the network mode');
  }
  if (names.extraHosts.length > 0) {
    throw invalid('conflicting options: custom host-to-IP mapping and the network mode');
  }
  if (config.portBindings.length > 0 || config.publishAllPorts) {
    throw invalid('conflicting options: port publishing and the container type network mode');
  }
  if (config.exposedPorts.length > 0) {
    throw invalid('conflicting options: port exposing and the container type network mode');
  }
}

/** The file that takes the name of a profile ends at the end of a line. */
function checkProfiles({ isolation: { apparmorProfile } }: ContainerConfig): void {
  if (/[\0\n]/.test(apparmorProfile) || Buffer.byteLength(apparmorProfile) > MAX_PROFILE_NAME_BYTES) {
    throw invalid(`invalid AppArmor profile: ${JSON.stringify(apparmorProfile)}`);
  }
}

function checkNames({ names, isolation }: ContainerConfig): void {
  const { domainName, extraHosts, dnsServers, dnsSearch, dnsOptions } = names;
  if (domainName.length > 64 || !/^[a-zA-Z0-9._-]*$/.test(domainName)) {
    throw invalid(`invalid domain name: ${domainName}`);
  }
  for (const server of dnsServers) {
    if (isIP(server) === 0) throw invalid(`IP address is not correctly formatted: ${server}`);
  }
  for (const domain of dnsSearch) if (!isWord(domain)) throw invalid(`${domain} is not a valid domain`);
  for (const option of dnsOptions) if (!isWord(option)) throw invalid(`invalid dns option: ${JSON.stringify(option)}`);
  for (const host of extraHosts) checkExtraHost(host);
  if (isolation.additionalGroups.some((group) => group === '')) throw invalid('a group needs a name or an id');
}

function checkExtraHost(text: string): void {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon);
  const address = text.slice(colon + 1);
  if (colon <= 0 || !isWord(name)) throw invalid(`bad format for add-host: ${JSON.stringify(text)}`);
  if (address !== 'host-gateway' && isIP(address) === 0) {
    throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
}

/** What can stand in a line of resolv.conf or hosts without beginning another. */
function isWord(text: string): boolean {
  return /^[^\s#;]{1,255}$/.test(text);
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
