// A gRPC client for the unix socket of a service. grpc-js takes longer to load than a container to start, and half a millisecond more for
// each call (docs/adr/0011 has the figures). It calls what ts-proto generated, without deadlines, metadata, retries or TLS.
import type { Client, CompatServiceDefinition } from 'nice-grpc';
import { BerthError } from '@berth/errors';
import { call, callUnary, type CallTarget } from './grpc/call.ts';
import { connectSocket } from './grpc/connect-socket.ts';
import { encodeHeaders } from './grpc/hpack.ts';
import { Http2Connection } from './grpc/http2-connection.ts';

export { UnreachableError } from './grpc/call-error.ts';

/** A typed client of one service, with the connection below it. */
export interface ServiceConnection<Service extends CompatServiceDefinition> extends Disposable {
  /**
   * Every failed call rejects with a BerthError, which is an UnreachableError when nobody listens; one aborted by its signal, with the
   * signal's reason. Of the options of a call only `signal` is heeded.
   */
  readonly client: Client<Service>;
  close(): void;
}

/** What ts-proto generates for a message, as far as it is needed here. */
interface MessageType {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  /** Absent in what others generated. */
  fromPartial?(message: unknown): unknown;
}

interface MethodDefinition {
  name: string;
  requestType: MessageType;
  requestStream: boolean;
  responseType: MessageType;
  responseStream: boolean;
}

interface ServiceDefinition {
  fullName: string;
  methods: Record<string, MethodDefinition>;
}

type CallOptions = { signal?: AbortSignal };

/** Makes a client that connects with its first call, and again with the first call after the connection was lost or the service went away. */
export function connectService<Service extends CompatServiceDefinition>(
  definition: Service,
  socketPath: string,
): ServiceConnection<Service> {
  const { fullName, methods } = definition as unknown as ServiceDefinition;
  const service = serviceName(socketPath);
  let connection: Http2Connection | undefined;
  let closed = false;
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(methods)) {
    const headers = requestHeaders(`/${fullName}/${method.name}`);
    calls[key] = (request: unknown, { signal }: CallOptions = {}) => {
      if (connection === undefined || (!connection.isUsable && !closed)) {
        connection = new Http2Connection(connectSocket(socketPath));
      }
      return makeCall({ connection, headers, socketPath, service }, method, request, signal);
    };
  }
  const close = () => {
    closed = true;
    connection?.close();
  };
  return { client: calls as Client<Service>, close, [Symbol.dispose]: close };
}

function requestHeaders(path: string): Buffer {
  return encodeHeaders([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc+proto'],
    ['user-agent', 'berth'],
  ]);
}

function makeCall(target: CallTarget, method: MethodDefinition, request: unknown, signal?: AbortSignal): unknown {
  if (!method.requestStream && !method.responseStream) return unary(target, method, request, signal);
  const requests = method.requestStream ? (request as AsyncIterable<unknown>) : [request];
  const responses = decodeAll(method, call(target, encodeAll(method, requests), signal));
  return method.responseStream ? responses : only(responses, target);
}

async function unary(
  target: CallTarget,
  method: MethodDefinition,
  request: unknown,
  signal?: AbortSignal,
): Promise<unknown> {
  return method.responseType.decode(await callUnary(target, encode(method, request), signal));
}

function encode({ requestType }: MethodDefinition, request: unknown): Uint8Array {
  return requestType.encode(requestType.fromPartial?.(request) ?? request).finish();
}

async function* encodeAll(method: MethodDefinition, requests: AsyncIterable<unknown> | Iterable<unknown>) {
  for await (const request of requests) yield encode(method, request);
}

async function* decodeAll({ responseType }: MethodDefinition, responses: AsyncIterable<Buffer>) {
  for await (const response of responses) yield responseType.decode(response);
}

async function only(responses: AsyncIterable<unknown>, { service }: CallTarget): Promise<unknown> {
  const all: unknown[] = [];
  for await (const response of responses) all.push(response);
  if (all.length !== 1) throw new BerthError('INTERNAL', `${service} sent ${all.length} responses instead of one`);
  return all[0];
}

/** `/run/berth/volume-service.sock` → `volume-service` */
function serviceName(socketPath: string): string {
  return socketPath.slice(socketPath.lastIndexOf('/') + 1).replace(/\.sock$/, '');
}
