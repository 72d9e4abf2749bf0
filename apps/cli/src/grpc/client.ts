// A gRPC client for the unix socket of a service, made to start fast: grpc-js takes longer to load than a container to start, and
// node:http2 half as long (docs/adr/0011 has the figures). It calls what ts-proto generated, without deadlines, metadata, retries or TLS.
import type { Client, CompatServiceDefinition } from 'nice-grpc';
import { BerthError } from '@berth/errors';
import { call, type CallTarget } from './call.ts';
import { connectSocket } from './connect-socket.ts';
import { Http2Connection } from './http2-connection.ts';

/** A typed client of one service, with the connection below it. */
export interface GrpcClient<Service extends CompatServiceDefinition> extends Disposable {
  /** Of the options of a call only `signal` is heeded. */
  readonly calls: Client<Service>;
  close(): void;
}

/** What ts-proto generates for a message, as far as it is needed here. */
interface MessageType {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  fromPartial(message: unknown): unknown;
}

interface MethodDefinition {
  name: string;
  requestType: MessageType;
  requestStream: boolean;
  responseType: MessageType;
  responseStream: boolean;
}

interface ServiceDefinition {
  name: string;
  fullName: string;
  methods: Record<string, MethodDefinition>;
}

type CallOptions = { signal?: AbortSignal };

/** Makes a client that connects with its first call. A call to a service that is not there throws an UnreachableError. */
export function createGrpcClient<Service extends CompatServiceDefinition>(
  definition: Service,
  socketPath: string,
): GrpcClient<Service> {
  const { fullName, methods } = definition as unknown as ServiceDefinition;
  let connection: Http2Connection | undefined;
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(methods)) {
    calls[key] = (request: unknown, options: CallOptions = {}) => {
      connection ??= new Http2Connection(connectSocket(socketPath));
      const target = { connection, path: `/${fullName}/${method.name}`, socketPath, service: serviceName(socketPath) };
      return makeCall(target, method, request, options.signal);
    };
  }
  const close = () => connection?.close();
  return { calls: calls as Client<Service>, close, [Symbol.dispose]: close };
}

function makeCall(target: CallTarget, method: MethodDefinition, request: unknown, signal?: AbortSignal): unknown {
  const requests = method.requestStream ? (request as AsyncIterable<unknown>) : [request];
  const responses = decodeAll(method, call(target, encodeAll(method, requests), signal));
  return method.responseStream ? responses : only(responses, target);
}

async function* encodeAll({ requestType }: MethodDefinition, requests: AsyncIterable<unknown> | Iterable<unknown>) {
  for await (const request of requests) yield requestType.encode(requestType.fromPartial(request)).finish();
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
