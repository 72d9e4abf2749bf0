import { chownSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { REASON_TRAILER, STATUS_OF_KIND } from '@berth/client';
import { BerthError, toBerthError } from '@berth/errors';
import { descriptorSetBase64 } from '@berth/proto/descriptor-set';
import {
  createServer,
  ServerError,
  type CallContext,
  type CompatServiceDefinition,
  type Server,
  type ServerMiddlewareCall,
  type ServiceImplementation,
} from 'nice-grpc';
import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health';
import { ServerReflection, ServerReflectionService } from 'nice-grpc-server-reflection';
import type { Logger } from 'pino';
import { isDatabaseFull } from './database.ts';

/** A gRPC service and what answers it. */
export interface ServiceBinding {
  fullName: string;
  addTo(server: Server): void;
}

/** Binds an implementation to its service definition. */
export function bindService<Definition extends CompatServiceDefinition & { fullName: string }>(
  definition: Definition,
  implementation: ServiceImplementation<Definition>,
): ServiceBinding {
  return { fullName: definition.fullName, addTo: (server) => void server.add(definition, implementation) };
}

/** A gRPC server that answers calls. */
export interface GrpcServer {
  /** Says NOT_SERVING, lets running calls end until the deadline, then cuts them off. */
  shutdown(deadlineMs: number): Promise<void>;
}

/** How to serve. */
export interface ServeOptions {
  readonly log: Logger;
  /** Awaited before each message to a client: resolves when what it may rest on is on the disk. */
  readonly settled: () => Promise<void>;
}

/**
 * Serves on a unix socket (0660, group `berth` where that group exists), with health (grpc.health.v1) and reflection.
 * The caller has made sure that the path is free.
 */
export async function serveGrpc(
  socketPath: string,
  bindings: ServiceBinding[],
  { log, settled }: ServeOptions,
): Promise<GrpcServer> {
  const server = createServer({
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
    'grpc.max_send_message_length': 16 * 1024 * 1024,
    'grpc-node.flow_control_window': 1024 * 1024,
    // Without channelz, whose counts nobody asks for, forceShutdown knows of no connection to cut.
    'grpc.enable_channelz': 1,
  })
    .use(errorMiddleware(log))
    .use(settledMiddleware(settled));
  for (const binding of bindings) binding.addTo(server);
  const health = HealthState();
  server.add(HealthDefinition, HealthServiceImpl(health));
  const names = bindings.map((binding) => binding.fullName);
  server.add(ServerReflectionService, ServerReflection(Buffer.from(descriptorSetBase64, 'base64'), names));

  // The socket is born with its final mode: there is no moment in which others could connect.
  const umask = process.umask(0o117);
  try {
    await server.listen(`unix:${socketPath}`);
  } finally {
    process.umask(umask);
  }
  const groupId = findGroupId('berth');
  if (groupId !== null) chownSync(socketPath, -1, groupId);
  for (const name of ['', ...names]) health.setStatus('healthy', name);

  return {
    async shutdown(deadlineMs) {
      for (const name of ['', ...names]) health.setStatus('unhealthy', name);
      const timer = setTimeout(() => server.forceShutdown(), deadlineMs);
      await server.shutdown();
      clearTimeout(timer);
      rmSync(socketPath, { force: true });
    },
  };
}

/** The one place where a failure becomes a gRPC status. An unexpected one is logged whole, and leaves without its insides. */
function errorMiddleware(log: Logger) {
  return async function* <Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    try {
      return yield* call.next(call.request, context);
    } catch (thrown) {
      if (context.signal.aborted || thrown instanceof ServerError) throw thrown;
      const error = thrown instanceof BerthError ? thrown : fromSystemError(thrown);
      if (error.kind === 'internal') log.error({ err: thrown, rpc: call.method.path }, 'call failed');
      else log.debug({ rpc: call.method.path, reason: error.reason, err: error.cause }, 'call refused');
      context.trailer.set(REASON_TRAILER, error.reason);
      throw new ServerError(STATUS_OF_KIND[error.kind], error.message);
    }
  };
}

/** The one place where an answer waits for the disk. */
function settledMiddleware(settled: () => Promise<void>) {
  return async function* <Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    if (!call.responseStream) {
      const response = yield* call.next(call.request, context);
      await settled();
      return response;
    }
    for await (const response of call.next(call.request, context)) {
      await settled();
      yield response;
    }
    return;
  };
}

function fromSystemError(thrown: unknown): BerthError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT' || isDatabaseFull(thrown)) {
    return new BerthError('DISK_FULL', 'no space left on device', { cause: thrown });
  }
  return toBerthError(thrown);
}

/** Removes the socket of a process that is gone. Throws when another process serves on it. */
export async function removeStaleSocket(socketPath: string): Promise<void> {
  const failure = await new Promise<string>((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve('');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
  // Anything else, such as EAGAIN of a full queue, is a process that lives.
  if (failure !== 'ECONNREFUSED' && failure !== 'ENOENT') throw new Error(`another process serves on ${socketPath}`);
  rmSync(socketPath, { force: true });
}

function findGroupId(name: string): number | null {
  if (!existsSync('/etc/group')) return null;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? null : Number(line.split(':')[2]);
}
