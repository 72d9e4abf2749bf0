import { BerthError } from '@berth/errors';
import { isAddressAllowed, isLoopbackHost } from './address-rule.ts';
import type { RegistryEndpoint } from './registry-endpoint.ts';

/** What decides whether a token server may be asked. */
export interface RealmRequest {
  readonly realm: string;
  readonly endpoint: RegistryEndpoint;
  /** True when the request carries credentials. */
  readonly hasCredentials: boolean;
  /** Token servers that the operator trusts for this registry, as host[:port]. */
  readonly trustedHosts: readonly string[];
}

// Second-level domains under which anybody registers names: hosts below them are not of one owner.
const SHARED_SUFFIX = /^(?:ac|co|com|edu|gov|net|org)\.[a-z]{2}$/;

/**
 * Checks the token server that a registry names in its challenge: no plain HTTP for a registry of HTTPS, no address inside, and
 * credentials only for a host of the same owner. Throws REGISTRY_PROTOCOL.
 */
export function checkTokenRealm({ realm, endpoint, hasCredentials, trustedHosts }: RealmRequest): URL {
  const url = parseHttpUrl(realm);
  if (url === null) throw refused(realm, 'it is not an http or https URL without a user');
  const isTrusted = trustedHosts.includes(url.host);
  if (url.protocol !== 'https:' && !endpoint.isInsecure) throw refused(realm, 'the registry uses https, it does not');
  const allowLoopback = isLoopbackHost(endpoint.origin.hostname);
  if (!allowLoopback && isLoopbackHost(url.hostname)) throw refused(realm, 'its address is this host');
  if (!isAddressAllowed(url.hostname, { allowLoopback })) throw refused(realm, 'its address is not a public service');
  if (hasCredentials && !isTrusted && !isSameOwner(endpoint.origin, url)) {
    throw refused(
      realm,
      `credentials for ${endpoint.origin.host} are not sent to ${url.host}; trust it in tokenServers`,
    );
  }
  return url;
}

function parseHttpUrl(text: string): URL | null {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  return isPlain ? url : null;
}

/** The same host name, or both below the registry's parent domain: registry-1.docker.io and auth.docker.io. */
function isSameOwner(registry: URL, realm: URL): boolean {
  if (registry.hostname === realm.hostname) return true;
  if (isLoopbackHost(registry.hostname)) return isLoopbackHost(realm.hostname);
  const parent = registry.hostname.split('.').slice(1).join('.');
  if (!parent.includes('.') || SHARED_SUFFIX.test(parent) || /^[\d.]+$/.test(parent)) return false;
  return realm.hostname === parent || realm.hostname.endsWith(`.${parent}`);
}

function refused(realm: string, why: string): BerthError {
  return new BerthError('REGISTRY_PROTOCOL', `refusing the token server ${JSON.stringify(realm)}: ${why}`);
}
