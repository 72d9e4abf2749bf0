import { isInCidr, isLoopbackHost } from './address-rule.ts';

/** Where a registry answers. */
export interface RegistryEndpoint {
  /** `https://registry-1.docker.io`, without a path. */
  readonly origin: URL;
  /** True when a certificate that cannot be verified is accepted. */
  readonly isInsecure: boolean;
}

const DOCKER_HUB = { domain: 'docker.io', host: 'registry-1.docker.io' };

/**
 * The endpoints of a registry, in the order to try. Only an insecure registry (loopback, or configured as host[:port] or CIDR) may be
 * asked over plain HTTP, and only after HTTPS.
 */
export function registryEndpoints(domain: string, insecureRegistries: readonly string[]): RegistryEndpoint[] {
  const host = domain === DOCKER_HUB.domain ? DOCKER_HUB.host : domain;
  const isInsecure = isInsecureRegistry(host, insecureRegistries);
  const schemes = isInsecure ? ['https', 'http'] : ['https'];
  return schemes.map((scheme) => ({ origin: new URL(`${scheme}://${host}`), isInsecure }));
}

function isInsecureRegistry(host: string, configured: readonly string[]): boolean {
  const { hostname } = new URL(`http://${host}`);
  return isLoopbackHost(hostname) || configured.some((entry) => entry === host || isInCidr(hostname, entry));
}
