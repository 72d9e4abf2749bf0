import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { isAddressAllowed } from '../../address-rule.ts';
import { describeNetworkError, TransportError } from './transport-error.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Content that is read while it is sent; a Content-Length says how much it is. */
export type StreamBody = () => AsyncIterable<Uint8Array>;

/** One request. Nothing in it is followed, retried or authorized. */
export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | StreamBody;
  /** Accepts any certificate. */
  readonly isInsecure: boolean;
  /** For URLs that a registry named: addresses inside are refused. Null for those that the user named. */
  readonly addressRule: { allowLoopback: boolean } | null;
  readonly signal: AbortSignal;
}

/** A response whose body was not read yet. It must be read, or discarded. */
export interface HttpResponse {
  readonly url: URL;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** All values of a header that may come several times. */
  headerValues(name: string): readonly string[];
  /** Breaks with a TransportError when nothing comes for the stall timeout or the connection ends early. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection without reading on. */
  discard(): void;
}

export interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/** Speaks HTTP/1.1 over kept connections. */
export interface Transport {
  /** Rejects with a TransportError, or with the signal's reason. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections. */
  close(): void;
}

// With several addresses, Node gives each 250 ms before the next: too little for a far registry.
const AGENT_OPTIONS = { keepAlive: true, maxFreeSockets: 8, autoSelectFamilyAttemptTimeout: 2000 };

// As many times longer may an answer to an upload take.
const UPLOAD_PATIENCE = 5;
const DRAIN_MAX_BYTES = 64 * 1024;

export function createTransport(options: TransportOptions): Transport {
  const agents = new Map<string, http.Agent>();
  return {
    send: (request) => send(request, options, agentFor(agents, request)),
    close: () => agents.forEach((agent) => agent.destroy()),
  };
}

/** Connections of different trust are never shared. */
function agentFor(agents: Map<string, http.Agent>, { url, isInsecure, addressRule }: HttpRequest): http.Agent {
  const key = `${url.protocol} ${isInsecure} ${addressRule?.allowLoopback ?? 'any'}`;
  const existing = agents.get(key);
  if (existing !== undefined) return existing;
  const isTls = url.protocol === 'https:';
  const agent = isTls
    ? new https.Agent({ ...AGENT_OPTIONS, rejectUnauthorized: !isInsecure })
    : new http.Agent(AGENT_OPTIONS);
  agents.set(key, agent);
  return agent;
}

async function send(request: HttpRequest, options: TransportOptions, agent: http.Agent): Promise<HttpResponse> {
  const { url, method, headers, signal, addressRule } = request;
  signal.throwIfAborted();
  if (addressRule !== null && !isAddressAllowed(url.hostname, addressRule)) throw refusedAddress(url);
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const module = url.protocol === 'https:' ? https : http;
  const guard = addressRule === null ? {} : { lookup: guardedLookup(url, addressRule) };
  const outgoing = module.request(url, { method, headers, agent, ...guard });
  const fail = (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  const onAbort = () => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const headersTimer = setTimeout(() => fail(timeout(url, 'awaiting headers')), patienceMs(request, options));
  outgoing.on('socket', (socket) =>
    limitConnecting(socket, options.connectTimeoutMs, () => fail(timeout(url, 'connecting'))),
  );
  outgoing.once('response', (incoming) => {
    clearTimeout(headersTimer);
    incoming.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      // Answered before all was sent: the connection is of no more use.
      if (!outgoing.writableFinished) outgoing.destroy();
    });
    resolve(toResponse(incoming, request, options.stallTimeoutMs));
  });
  outgoing.on('error', (error) => {
    clearTimeout(headersTimer);
    signal.removeEventListener('abort', onAbort);
    reject(signal.aborted ? signal.reason : toTransportError(url, error));
  });
  if (typeof request.body === 'function') sendStream(outgoing, request.body, headersTimer).catch(fail);
  else outgoing.end(request.body);
  return promise;
}

/** A registry that was sent a blob hashes and moves it before it answers. */
function patienceMs({ body }: HttpRequest, { stallTimeoutMs }: TransportOptions): number {
  return typeof body === 'function' ? stallTimeoutMs * UPLOAD_PATIENCE : stallTimeoutMs;
}

/** Sends until the end, or until the peer has answered. What has gone renews its time. */
async function sendStream(outgoing: http.ClientRequest, body: StreamBody, timer: NodeJS.Timeout): Promise<void> {
  let isAnswered = false;
  outgoing.once('response', () => (isAnswered = true));
  for await (const chunk of body()) {
    if (isAnswered || outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await writable(outgoing);
    timer.refresh();
  }
  outgoing.end();
}

function writable(outgoing: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'response', 'close'];
    const done = () => {
      for (const event of events) outgoing.off(event, done);
      resolve();
    };
    for (const event of events) outgoing.once(event, done);
  });
}

function limitConnecting(socket: Socket, timeoutMs: number, onTimeout: () => void): void {
  if (!socket.connecting) return;
  const timer = setTimeout(onTimeout, timeoutMs);
  const stop = () => clearTimeout(timer);
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop).once('close', stop);
}

function toResponse(incoming: http.IncomingMessage, request: HttpRequest, stallTimeoutMs: number): HttpResponse {
  const discard = () => discardBody(incoming, stallTimeoutMs);
  if (request.method === 'HEAD') incoming.resume();
  return {
    url: request.url,
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    headerValues: (name) => incoming.headersDistinct[name] ?? [],
    body: readBody(incoming, request, stallTimeoutMs),
    discard,
  };
}

/** Reads a small body to its end, so that the connection can be used again, and closes the connection otherwise. */
function discardBody(incoming: http.IncomingMessage, stallTimeoutMs: number): void {
  if (incoming.complete) return void incoming.resume();
  incoming.on('error', () => {});
  if (!(Number(incoming.headers['content-length']) <= DRAIN_MAX_BYTES)) return void incoming.destroy();
  const timer = setTimeout(() => incoming.destroy(), stallTimeoutMs);
  incoming.once('close', () => clearTimeout(timer)).resume();
}

async function* readBody(
  incoming: http.IncomingMessage,
  { url, signal }: HttpRequest,
  stallTimeoutMs: number,
): AsyncGenerator<Uint8Array> {
  let isWaiting = true;
  // While the consumer works the peer is not to blame.
  const onTimeout = () => (isWaiting ? incoming.destroy(timeout(url, 'reading body')) : timer.refresh());
  const timer = setTimeout(onTimeout, stallTimeoutMs);
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
      isWaiting = false;
      yield chunk;
      isWaiting = true;
      timer.refresh();
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof TransportError ? error : new TransportError(`Get "${url.href}": unexpected EOF`, error);
  } finally {
    clearTimeout(timer);
  }
}

function toTransportError(url: URL, error: Error): TransportError {
  return error instanceof TransportError ? error : new TransportError(describeNetworkError(url, error), error);
}

function timeout(url: URL, phase: string): TransportError {
  return new TransportError(`Get "${url.origin}/v2/": net/http: request canceled (timeout exceeded while ${phase})`);
}

function refusedAddress(url: URL): TransportError {
  return new TransportError(`refusing ${url.origin}: a registry must not send us to an address inside`);
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Checks what the name resolves to in the same step that connects, so that it cannot change in between. */
function guardedLookup(url: URL, rule: { allowLoopback: boolean }) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter(({ address }) => isAddressAllowed(address, rule));
      const [first] = allowed;
      if (first === undefined) return callback(refusedAddress(url), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
