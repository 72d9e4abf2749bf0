import { BerthError } from '@berth/errors';
import type { CredentialStore, RegistryServer } from './ports.ts';
import { domainOf } from './registry-credentials.ts';

/** Users of registries, for all who use the engine. */
export interface Logins {
  /** Checks a password and keeps it. Throws INVALID_ARGUMENT, and as RegistryServer. */
  login(server: string, user: { username: string; password: string }, signal: AbortSignal): Promise<void>;
  /** Idempotent. Throws INVALID_ARGUMENT. */
  logout(server: string): Promise<void>;
}

export interface LoginsDeps {
  readonly server: Pick<RegistryServer, 'checkCredentials'>;
  readonly store: CredentialStore;
}

export function createLogins({ server: registry, store }: LoginsDeps): Logins {
  return {
    async login(server, user, signal) {
      const domain = toDomain(server);
      if (user.username === '' || user.password === '') {
        throw new BerthError('INVALID_ARGUMENT', 'a login needs a user name and a password');
      }
      // The header of Basic authentication ends the name at the first colon.
      if (user.username.includes(':')) throw new BerthError('INVALID_ARGUMENT', 'a user name has no colon');
      await registry.checkCredentials(domain, { kind: 'password', ...user }, signal);
      await store.set(domain, user);
    },
    logout: async (server) => store.remove(toDomain(server)),
  };
}

function toDomain(server: string): string {
  const domain = domainOf(server === '' ? 'docker.io' : server);
  if (/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/.test(domain)) return domain;
  throw new BerthError('INVALID_ARGUMENT', `invalid registry ${JSON.stringify(server)}: expected host[:port]`);
}
