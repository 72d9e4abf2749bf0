import type { Client, CompatServiceDefinition } from 'nice-grpc';
import { createGrpcClient } from './grpc/grpc-client.ts';

/** A typed client of one service, with the connection below it. */
export interface ServiceConnection<Service extends CompatServiceDefinition> extends Disposable {
  /** Every failed call rejects with a BerthError; a call aborted by its own signal rejects with the signal's reason. */
  readonly client: Client<Service>;
  close(): void;
}

/** Connects lazily to a service's unix socket, and again whenever the connection was lost. */
export function connectService<Service extends CompatServiceDefinition>(
  definition: Service,
  socketPath: string,
): ServiceConnection<Service> {
  const { calls, close } = createGrpcClient(definition, socketPath);
  return { client: calls, close, [Symbol.dispose]: close };
}
