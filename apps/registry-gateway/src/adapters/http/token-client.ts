import { BerthError } from '@berth/errors';
import type { AuthChallenge } from '../../auth-challenge.ts';
import type { RegistryCredentials } from '../../registry-credentials.ts';
import type { RegistryEndpoint } from '../../registry-endpoint.ts';
import { isLoopbackHost } from '../../address-rule.ts';
import { parseErrorBody } from '../../registry-error.ts';
import { checkTokenRealm } from '../../token-realm.ts';
import { parseTokenResponse, type BearerToken } from '../../token-response.ts';
import { readText } from './read-body.ts';
import { TransportError } from './transport-error.ts';
import type { HttpResponse, Transport } from './transport.ts';

/** What a token is asked for. */
export interface TokenRequest {
  readonly challenge: AuthChallenge;
  readonly endpoint: RegistryEndpoint;
  readonly credentials: RegistryCredentials | null;
  /** `repository:library/busybox:pull`; empty: none. The challenge's own scope goes first. */
  readonly scope: string;
  /** Asked for besides. */
  readonly pushScopes: readonly string[];
  readonly trustedHosts: readonly string[];
  readonly signal: AbortSignal;
}

const CLIENT_ID = 'berth';
const BODY_MAX_BYTES = 1024 * 1024;

/**
 * Asks a token server by the challenge of a registry (https://distribution.github.io/distribution/spec/auth/token/): GET, with Basic for a
 * password; POST (OAuth2) for an identity token, or when GET is not allowed. Throws REGISTRY_UNAUTHORIZED, REGISTRY_PROTOCOL,
 * REGISTRY_RATE_LIMITED or REGISTRY_UNAVAILABLE.
 */
export async function requestToken(transport: Transport, request: TokenRequest): Promise<BearerToken> {
  const { challenge, endpoint, credentials, trustedHosts } = request;
  const realm = challenge.parameters.get('realm') ?? '';
  const url = checkTokenRealm({ realm, endpoint, hasCredentials: credentials !== null, trustedHosts });
  let response = credentials?.kind === 'identity-token' ? null : await getToken(transport, url, request);
  if (response === null || (response.status === 405 && credentials !== null)) {
    response?.discard();
    response = await postToken(transport, url, request);
  }
  return readToken(response, url);
}

function getToken(transport: Transport, realm: URL, request: TokenRequest): Promise<HttpResponse> {
  const url = new URL(realm);
  for (const [name, value] of parameters(request)) url.searchParams.append(name, value);
  const { credentials } = request;
  const headers: Record<string, string> = credentials?.kind === 'password' ? { authorization: basic(credentials) } : {};
  return sendToRealm(transport, request, { method: 'GET', url, headers });
}

function postToken(transport: Transport, url: URL, request: TokenRequest): Promise<HttpResponse> {
  const form = new URLSearchParams({ client_id: CLIENT_ID });
  for (const [name, value] of parameters(request)) form.append(name, value);
  const { credentials } = request;
  if (credentials?.kind === 'password') {
    form.append('grant_type', 'password');
    form.append('username', credentials.username);
    form.append('password', credentials.password);
  } else if (credentials?.kind === 'identity-token') {
    form.append('grant_type', 'refresh_token');
    form.append('refresh_token', credentials.token);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return sendToRealm(transport, request, { method: 'POST', url, headers, body: form.toString() });
}

function parameters({ challenge, scope, pushScopes, credentials }: TokenRequest): [string, string][] {
  const service = challenge.parameters.get('service');
  const account: [string, string][] = credentials?.kind === 'password' ? [['account', credentials.username]] : [];
  const named = (challenge.parameters.get('scope') ?? scope).split(' ').filter((part) => part !== '');
  const scopes = [...new Set([...named, ...pushScopes])];
  return [
    ...(service === undefined ? [] : [['service', service] as [string, string]]),
    ...account,
    ...scopes.map((s): [string, string] => ['scope', s]),
  ];
}

/** Redirects are not followed: the realm was checked, its target was not. */
async function sendToRealm(
  transport: Transport,
  { endpoint, signal }: TokenRequest,
  http: { method: 'GET' | 'POST'; url: URL; headers: Record<string, string>; body?: string },
): Promise<HttpResponse> {
  const addressRule = { allowLoopback: isLoopbackHost(endpoint.origin.hostname) };
  const headers = { ...http.headers, accept: 'application/json', 'user-agent': CLIENT_ID };
  try {
    return await transport.send({ ...http, headers, signal, isInsecure: endpoint.isInsecure, addressRule });
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw new BerthError('REGISTRY_UNAVAILABLE', error.message, { cause: error });
  }
}

async function readToken(response: HttpResponse, url: URL): Promise<BearerToken> {
  const text = await readText(response, BODY_MAX_BYTES);
  if (response.status !== 200) throw toTokenError(response.status, text, url);
  const token = parseTokenResponse(text);
  if (token === null)
    throw new BerthError(
      'REGISTRY_PROTOCOL',
      `authorization server ${url.origin} did not include a token in the response`,
    );
  return token;
}

function toTokenError(status: number, body: string, url: URL): BerthError {
  const entry = parseErrorBody(body);
  const detail = entry === null ? null : `${entry.code}: ${entry.message}`;
  if (status === 401 || status === 403) {
    return new BerthError('REGISTRY_UNAUTHORIZED', detail ?? 'unauthorized: incorrect username or password');
  }
  if (status === 429)
    return new BerthError('REGISTRY_RATE_LIMITED', detail ?? `toomanyrequests: ${url.origin} asks to come later`);
  const reason = status >= 500 ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_PROTOCOL';
  return new BerthError(reason, `failed to fetch a token from ${url.origin}: ${detail ?? `status ${status}`}`);
}

/** The Authorization header of a user and password. */
export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
