// In-process services on unix sockets, for tests: a command runs against them as it would against an engine.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, ServerError, type CompatServiceDefinition } from 'nice-grpc';
import { Metadata, type CallContext, type ServerMiddlewareCall } from 'nice-grpc-common';
import { BerthError } from '@berth/errors';
import { REASON_TRAILER, STATUS_OF_KIND } from '@berth/client';
import { ContainerServiceDefinition, type ContainerServiceImplementation } from '@berth/proto/container';
import { ImageServiceDefinition, type ImageServiceImplementation } from '@berth/proto/image';
import { RegistryServiceDefinition, type RegistryServiceImplementation } from '@berth/proto/registry';
import { VolumeServiceDefinition, type VolumeServiceImplementation } from '@berth/proto/volume';

/** The methods that a test needs; the others answer UNIMPLEMENTED. */
export interface FakeMethods {
  container?: Partial<ContainerServiceImplementation>;
  image?: Partial<ImageServiceImplementation>;
  registry?: Partial<RegistryServiceImplementation>;
  volume?: Partial<VolumeServiceImplementation>;
}

export interface FakeEngine extends AsyncDisposable {
  /** The value of BERTH_ROOT. */
  root: string;
  socket(service: string): string;
}

/** Starts those services that have methods. */
export async function startFakeEngine(methods: FakeMethods): Promise<FakeEngine> {
  const root = mkdtempSync('/tmp/berth-');
  const socket = (service: string) => join(root, 'run', `${service}.sock`);
  mkdirSync(join(root, 'run'));
  const services: [string, CompatServiceDefinition, object | undefined][] = [
    ['container-service', ContainerServiceDefinition, methods.container],
    ['image-service', ImageServiceDefinition, methods.image],
    ['registry-gateway', RegistryServiceDefinition, methods.registry],
    ['volume-service', VolumeServiceDefinition, methods.volume],
  ];
  const servers = await Promise.all(
    services.map(async ([name, definition, implementation]) => {
      if (!implementation) return undefined;
      const server = createServer({ 'grpc-node.flow_control_window': 1024 * 1024 }).use(sendReasons);
      server.add(definition, complete(definition, implementation));
      await server.listen(`unix:${socket(name)}`);
      return server;
    }),
  );
  return {
    root,
    socket,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server?.forceShutdown();
      rmSync(root, { recursive: true });
    },
  };
}

function complete(definition: CompatServiceDefinition, implementation: object): never {
  const all: Record<string, unknown> = {};
  for (const name of Object.keys(definition.methods)) {
    all[name] = async () => {
      throw new BerthError('UNIMPLEMENTED', `${name} is not part of this test`);
    };
  }
  return { ...all, ...implementation } as never;
}

async function* sendReasons<Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
  try {
    return yield* call.next(call.request, context);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    context.trailer = Metadata(context.trailer).set(REASON_TRAILER, error.reason);
    throw new ServerError(STATUS_OF_KIND[error.kind], error.message);
  }
}
