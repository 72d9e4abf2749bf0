import { CliError } from '../cli-error.ts';

/** What `network create` was given that is for several hosts, or about who manages addresses. */
export interface ScopeOptions {
  readonly 'config-from': string | undefined;
  readonly 'config-only': boolean;
  readonly ingress: boolean;
  readonly scope: string | undefined;
  readonly 'ipam-driver': string | undefined;
  readonly 'ipam-opt': readonly string[];
}

/** What else than `local` a scope can be: no host without a swarm has it. */
const SCOPES: Readonly<Record<string, string>> = {
  swarm: 'cannot create a swarm scoped network when swarm is not active',
  global: 'This node is not a swarm manager.',
};

/** Lets what one host has pass; throws CliError for the rest, in Docker's words where it has some. */
export function checkOneHost(options: ScopeOptions): void {
  const { ingress, scope = 'local', 'ipam-driver': driver = 'default', 'ipam-opt': driverOptions } = options;
  if (options['config-only'] || options['config-from'])
    throw refused('networks that are a configuration only are for several hosts: give each network its own options');
  if (ingress) throw refused('Ingress network can only be global scope network');
  if (scope !== '' && scope !== 'local') throw refused(SCOPES[scope] ?? `invalid network scope: ${scope}`);
  if (driver === 'null') throw refused('ipv4 pool is empty');
  if (driver !== '' && driver !== 'default') throw refused(`plugin ${JSON.stringify(driver)} not found`);
  if (driverOptions.length > 0) throw refused('the IPAM driver default has no options');
}

function refused(text: string): CliError {
  return new CliError(`Error response from daemon: ${text}`);
}
