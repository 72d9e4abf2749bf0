import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import { errorCode } from '../../error-code.ts';
import type { RegistryRequest } from '../../ports.ts';
import { registryEndpoints, type RegistryEndpoint } from '../../registry-endpoint.ts';
import { parseRetryAfter } from '../../retry-after.ts';
import { isLoopbackHost } from '../../address-rule.ts';
import type { Access, Authorizer } from './authorizer.ts';
import { sendFollowing } from './follow-redirects.ts';
import { TransportError } from './transport-error.ts';
import type { HttpMethod, HttpRequest, HttpResponse, Transport } from './transport.ts';

/** A request to a registry. */
export interface SessionRequest extends RegistryRequest {
  readonly method: HttpMethod;
  /** Relative to `/v2/<repository>/`: `manifests/latest`; or from the root: `/v2/`. A URL is one that the registry has named. */
  readonly path: string | URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: NonNullable<HttpRequest['body']>;
  /** What shall be allowed. Default: to pull. */
  readonly access?: Access;
  /** False: what fails is for the caller to mend. Default: true. */
  readonly isRetried?: boolean;
}

export interface SessionOptions {
  readonly transport: Transport;
  readonly authorizer: Authorizer;
  readonly insecureRegistries: readonly string[];
  /** Milliseconds before the second attempt; doubles. */
  readonly retryDelayMs: number;
  readonly now: () => number;
}

/** Sends requests to registries: finds the endpoint, authorizes, follows redirects, retries. */
export interface RegistrySession {
  /** The response whatever its status. Rejects with REGISTRY_UNAVAILABLE, and with what authorizing fails with. */
  send(request: SessionRequest): Promise<HttpResponse>;
}

const MAX_ATTEMPTS = 4;
// A registry that wants us to wait longer has to tell the user so.
const RETRY_AFTER_MAX_MS = 30_000;
const RETRIED_STATUSES = new Set([408, 429, 500, 502, 503, 504]);
const MAX_CHALLENGES = 2;
const PULL: Access = { action: 'pull', mountFrom: null };

export function createRegistrySession(options: SessionOptions): RegistrySession {
  const { transport, authorizer, insecureRegistries, retryDelayMs, now } = options;
  const reachable = new Map<string, RegistryEndpoint>();

  const sendOnce = async (request: SessionRequest, endpoint: RegistryEndpoint): Promise<HttpResponse> => {
    const { method, headers, signal, body, access = PULL } = request;
    const target = targetOf(request, endpoint);
    const asked = { ...request, access, endpoint };
    let authorization = target.isOwn ? await authorizer.current(asked) : null;
    for (let challenges = 0; ; challenges++) {
      const secret = authorization === null ? {} : { authorization };
      const response = await sendFollowing(transport, {
        method,
        url: target.url,
        headers: { 'user-agent': 'berth', ...headers, ...secret },
        ...(body === undefined ? {} : { body }),
        isInsecure: endpoint.isInsecure && target.isOwn,
        addressRule: target.isOwn ? null : { allowLoopback: isLoopbackHost(endpoint.origin.hostname) },
        signal,
      });
      // A CDN that refuses is no reason to show it a token.
      const isRegistry = response.url.origin === endpoint.origin.origin;
      if (response.status !== 401 || !isRegistry || challenges === MAX_CHALLENGES) return response;
      const values = response.headerValues('www-authenticate');
      if (values.length === 0) return response;
      response.discard();
      authorization = await authorizer.answer(asked, values, authorization);
    }
  };

  const sendRetrying = async (request: SessionRequest, endpoint: RegistryEndpoint): Promise<HttpResponse> => {
    const attempts = request.isRetried === false ? 1 : MAX_ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      const backoffMs = retryDelayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
      try {
        const response = await sendOnce(request, endpoint);
        if (!RETRIED_STATUSES.has(response.status) || attempt === attempts) return response;
        const asked = parseRetryAfter(response.headers['retry-after'] ?? '', now());
        if (asked !== null && asked > RETRY_AFTER_MAX_MS) return response;
        response.discard();
        await sleep(asked ?? backoffMs, undefined, { signal: request.signal });
      } catch (error) {
        if (!isWorthRetrying(error) || attempt === attempts) throw error;
        await sleep(backoffMs, undefined, { signal: request.signal });
      }
    }
  };

  const sendToFirst = async (request: SessionRequest): Promise<HttpResponse> => {
    const { domain } = request.repository;
    const known = reachable.get(domain);
    const endpoints = known === undefined ? endpointsOf(request, insecureRegistries) : [known];
    for (const [index, endpoint] of endpoints.entries()) {
      try {
        const response = await sendRetrying(request, endpoint);
        reachable.set(domain, endpoint);
        return response;
      } catch (error) {
        reachable.delete(domain);
        if (!(error instanceof TransportError) || index === endpoints.length - 1) throw error;
      }
    }
    throw new Error('a registry has at least one endpoint');
  };

  return {
    async send(request) {
      try {
        return await sendToFirst(request);
      } catch (error) {
        if (request.signal.aborted) throw new BerthError('CANCELLED', 'the request was cancelled', { cause: error });
        if (!(error instanceof TransportError)) throw error;
        throw new BerthError('REGISTRY_UNAVAILABLE', error.message, { cause: error });
      }
    },
  };
}

/** Where to try. What the registry has named may be at one of its endpoints alone. */
function endpointsOf({ repository, path }: SessionRequest, insecureRegistries: readonly string[]): RegistryEndpoint[] {
  const all = registryEndpoints(repository.domain, insecureRegistries);
  const own = all.filter(({ origin }) => typeof path === 'string' || path.origin === origin.origin);
  return own.length > 0 ? own : all.slice(0, 1);
}

/** What the registry has named elsewhere gets no secret, and neither plain HTTP nor an address inside will do for it. */
function targetOf({ repository, path }: SessionRequest, { origin }: RegistryEndpoint): { url: URL; isOwn: boolean } {
  if (typeof path === 'string') {
    return { url: new URL(path.startsWith('/') ? path : `/v2/${repository.path}/${path}`, origin), isOwn: true };
  }
  const isOwn = path.origin === origin.origin;
  if (!isOwn && (path.protocol !== 'https:' || path.username !== '' || path.password !== '')) {
    throw new TransportError(`refusing to go on with an upload at ${path.origin}, which ${origin.origin} names`);
  }
  return { url: path, isOwn };
}

/** A connection that broke may have been an idle one that the registry closed; one that was refused will be refused again. */
function isWorthRetrying(error: unknown): boolean {
  const code = error instanceof TransportError ? errorCode(error.cause) : null;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
