import { createHash } from 'node:crypto';
import { BerthError } from '@berth/errors';
import { abortable } from '../../abortable.ts';
import { parseAuthChallenges, type AuthChallenge } from '../../auth-challenge.ts';
import type { CredentialSource, Repository } from '../../ports.ts';
import type { RegistryCredentials } from '../../registry-credentials.ts';
import type { RegistryEndpoint } from '../../registry-endpoint.ts';
import { basic, requestToken } from './token-client.ts';
import type { Transport } from './transport.ts';

/** What a token shall allow. */
export interface Access {
  /** `none`: what a registry offers without a repository. */
  readonly action: 'pull' | 'push' | 'none';
  /** The path of a repository that blobs shall be mounted from. */
  readonly mountFrom: string | null;
}

/** Who asks for what; decides which token fits. */
export interface AuthorizationRequest {
  readonly access: Access;
  readonly repository: Repository;
  readonly endpoint: RegistryEndpoint;
  readonly credentials: RegistryCredentials | null;
  readonly signal: AbortSignal;
}

/** Knows the Authorization header for each registry, repository and account, and gets new ones when challenged. */
export interface Authorizer {
  /** The header that worked last; null before the first challenge and when it is about to expire. */
  current(request: AuthorizationRequest): Promise<string | null>;
  /** Answers the challenges of a 401. `refused` is the header that got it. Throws what the request must fail with. */
  answer(request: AuthorizationRequest, challenges: readonly string[], refused: string | null): Promise<string>;
}

export interface AuthorizerOptions {
  readonly transport: Transport;
  readonly credentialSource: CredentialSource;
  /** By registry domain: other hosts to which its credentials may go. */
  readonly tokenServers: Readonly<Record<string, readonly string[]>>;
  readonly now: () => number;
}

interface Grant {
  readonly header: string;
  readonly expiresMs: number;
}

// A token is renewed before the registry could find it expired under way.
const EXPIRY_MARGIN_MS = 10_000;
const TOKEN_TIMEOUT_MS = 60_000;
const MAX_GRANTS = 1000;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { transport, credentialSource, tokenServers, now } = options;
  const grants = new Map<string, Grant>();
  const pending = new Map<string, Promise<Grant>>();

  const isFresh = (grant: Grant | undefined): grant is Grant =>
    grant !== undefined && grant.expiresMs - EXPIRY_MARGIN_MS > now();

  const withCredentials = async (request: AuthorizationRequest): Promise<AuthorizationRequest> => {
    const own = request.credentials ?? (await credentialSource.get(request.repository.domain));
    return { ...request, credentials: own };
  };

  const obtain = async (request: AuthorizationRequest, challenges: AuthChallenge[]): Promise<Grant> => {
    const { credentials, endpoint, repository, access } = request;
    // Others may wait for the same token: the caller's own signal must not end it.
    const signal = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (credentials?.kind === 'registry-token') return forever(`Bearer ${credentials.token}`);
    if (bearer !== undefined) {
      const scope = access.action === 'none' ? '' : `repository:${repository.path}:pull`;
      const trustedHosts = tokenServers[repository.domain] ?? [];
      const { token, lifetimeMs } = await requestToken(transport, {
        challenge: bearer,
        endpoint,
        credentials,
        scope,
        pushScopes: pushScopesOf(repository, access),
        trustedHosts,
        signal,
      });
      return { header: `Bearer ${token}`, expiresMs: now() + lifetimeMs };
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) throw unknownScheme(endpoint, challenges);
    if (credentials?.kind === 'password') return forever(basic(credentials));
    const place = access.action !== 'push' ? `Get "${endpoint.origin.origin}/v2/": ` : '';
    throw new BerthError('REGISTRY_UNAUTHORIZED', `${place}no basic auth credentials`);
  };

  const shared = (key: string, start: () => Promise<Grant>): Promise<Grant> => {
    const running = pending.get(key);
    if (running !== undefined) return running;
    const started = start().finally(() => pending.delete(key));
    pending.set(key, started);
    return started;
  };

  return {
    async current(request) {
      const grant = grants.get(keyOf(await withCredentials(request)));
      return isFresh(grant) ? grant.header : null;
    },

    async answer(request, headers, refused) {
      const full = await withCredentials(request);
      const key = keyOf(full);
      const grant = grants.get(key);
      // Somebody else has got a new one meanwhile.
      if (isFresh(grant) && grant.header !== refused) return grant.header;
      const fresh = await abortable(
        shared(key, () => obtain(full, parseAuthChallenges(headers))),
        request.signal,
      );
      if (grants.size >= MAX_GRANTS) grants.clear();
      grants.set(key, fresh);
      return fresh.header;
    },
  };
}

function forever(header: string): Grant {
  return { header, expiresMs: Infinity };
}

/** A registry's challenge may ask for less than the rest of a push needs. */
function pushScopesOf({ path }: Repository, { action, mountFrom }: Access): string[] {
  if (action !== 'push') return [];
  return [`repository:${path}:pull,push`, ...(mountFrom === null ? [] : [`repository:${mountFrom}:pull`])];
}

/** Secrets stay out of the keys. */
function keyOf({ repository, endpoint, credentials, access }: AuthorizationRequest): string {
  const account = createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
  const { action, mountFrom } = access;
  return [endpoint.origin.origin, repository.domain, repository.path, account, action, mountFrom].join(' ');
}

function unknownScheme({ origin }: RegistryEndpoint, challenges: readonly AuthChallenge[]): BerthError {
  const schemes = challenges.map(({ scheme }) => scheme).join(', ') || 'none';
  return new BerthError(
    'REGISTRY_UNAUTHORIZED',
    `${origin.origin} asks for authentication by ${schemes}: only bearer and basic are known`,
  );
}
