import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import { errorCode } from '../../error-code.ts';
import type { RegistryRequest } from '../../ports.ts';
import { registryEndpoints, type RegistryEndpoint } from '../../registry-endpoint.ts';
import { parseRetryAfter } from '../../retry-after.ts';
import type { Authorizer } from './authorizer.ts';
import { sendFollowing } from './follow-redirects.ts';
import { TransportError } from './transport-error.ts';
import type { HttpResponse, Transport } from './transport.ts';

/** A request to a registry, relative to `/v2/<repository>/`. */
export interface SessionRequest extends RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  /** `manifests/latest`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
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

export function createRegistrySession(options: SessionOptions): RegistrySession {
  const { transport, authorizer, insecureRegistries, retryDelayMs, now } = options;
  const reachable = new Map<string, RegistryEndpoint>();

  const sendOnce = async (request: SessionRequest, endpoint: RegistryEndpoint): Promise<HttpResponse> => {
    const { method, headers, signal, repository, path } = request;
    const url = new URL(`/v2/${repository.path}/${path}`, endpoint.origin);
    let authorization = await authorizer.current({ ...request, endpoint });
    for (let challenges = 0; ; challenges++) {
      const secret = authorization === null ? {} : { authorization };
      const response = await sendFollowing(transport, {
        method,
        url,
        headers: { 'user-agent': 'berth', ...headers, ...secret },
        isInsecure: endpoint.isInsecure,
        addressRule: null,
        signal,
      });
      // A CDN that refuses is no reason to show it a token.
      const isRegistry = response.url.origin === endpoint.origin.origin;
      if (response.status !== 401 || !isRegistry || challenges === MAX_CHALLENGES) return response;
      const values = response.headerValues('www-authenticate');
      if (values.length === 0) return response;
      response.discard();
      authorization = await authorizer.answer({ ...request, endpoint }, values, authorization);
    }
  };

  const sendRetrying = async (request: SessionRequest, endpoint: RegistryEndpoint): Promise<HttpResponse> => {
    for (let attempt = 1; ; attempt++) {
      const backoffMs = retryDelayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
      try {
        const response = await sendOnce(request, endpoint);
        if (!RETRIED_STATUSES.has(response.status) || attempt === MAX_ATTEMPTS) return response;
        const asked = parseRetryAfter(response.headers['retry-after'] ?? '', now());
        if (asked !== null && asked > RETRY_AFTER_MAX_MS) return response;
        response.discard();
        await sleep(asked ?? backoffMs, undefined, { signal: request.signal });
      } catch (error) {
        if (!isWorthRetrying(error) || attempt === MAX_ATTEMPTS) throw error;
        await sleep(backoffMs, undefined, { signal: request.signal });
      }
    }
  };

  const sendToFirst = async (request: SessionRequest): Promise<HttpResponse> => {
    const { domain } = request.repository;
    const known = reachable.get(domain);
    const endpoints = known === undefined ? registryEndpoints(domain, insecureRegistries) : [known];
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

/** A connection that broke may have been an idle one that the registry closed; one that was refused will be refused again. */
function isWorthRetrying(error: unknown): boolean {
  const code = error instanceof TransportError ? errorCode(error.cause) : null;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
