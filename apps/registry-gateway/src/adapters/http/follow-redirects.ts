import { isLoopbackHost } from '../../address-rule.ts';
import { TransportError } from './transport-error.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

const MAX_REDIRECTS = 10;
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows the redirects of a GET or HEAD, as registries use them to send blobs from a CDN. Authorization goes to no
 * other origin, https never becomes http, and no redirect reaches an address inside.
 */
export async function sendFollowing(transport: Transport, request: HttpRequest): Promise<HttpResponse> {
  let current = request;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await transport.send(current);
    const { location } = response.headers;
    const isRedirect = REDIRECT_STATUSES.has(response.status) && /^(?:GET|HEAD)$/.test(request.method);
    if (!isRedirect || location === undefined) return response;
    response.discard();
    current = redirected(current, location, request.url);
  }
  throw new TransportError(`Get "${request.url.href}": stopped after ${MAX_REDIRECTS} redirects`);
}

function redirected(request: HttpRequest, location: string, registry: URL): HttpRequest {
  const url = URL.parse(location, request.url.href);
  if (url === null || !/^https?:$/.test(url.protocol)) throw refused(request, 'to what is no http URL');
  if (request.url.protocol === 'https:' && url.protocol === 'http:') throw refused(request, 'from https to http');
  url.username = '';
  url.password = '';
  const isSameOrigin = url.origin === request.url.origin;
  const headers = isSameOrigin ? request.headers : withoutSecrets(request.headers);
  const addressRule = url.origin === registry.origin ? null : { allowLoopback: isLoopbackHost(registry.hostname) };
  return { ...request, url, headers, addressRule, isInsecure: request.isInsecure && isSameOrigin };
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

function refused({ url }: HttpRequest, what: string): TransportError {
  return new TransportError(`Get "${url.href}": refusing a redirect ${what}`);
}
