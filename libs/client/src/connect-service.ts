import { Channel, credentials, type ChannelOptions } from '@grpc/grpc-js';
import {
  createClientFactory,
  ClientError,
  type CallOptions,
  type Client,
  type ClientMiddlewareCall,
  type CompatServiceDefinition,
} from 'nice-grpc';
import { REASON_TRAILER, toClientError } from './status-mapping.ts';

/** A typed client of one service, with the connection below it. */
export interface ServiceConnection<Service extends CompatServiceDefinition> extends Disposable {
  /** Every failed call rejects with a BerthError; a call aborted by its own signal rejects with an AbortError. */
  readonly client: Client<Service>;
  close(): void;
}

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.max_send_message_length': 16 * 1024 * 1024,
  // To try a unix socket costs next to nothing, and a service that is back after a restart should be found at once.
  'grpc.initial_reconnect_backoff_ms': 20,
  'grpc.max_reconnect_backoff_ms': 100,
  'grpc.use_local_subchannel_pool': 1,
  // Blobs and logs flow through these streams; gRPC's 64 KiB window halves their speed.
  'grpc-node.flow_control_window': 1024 * 1024,
};

/** Connects lazily to a service's unix socket. */
export function connectService<Service extends CompatServiceDefinition>(
  definition: Service,
  socketPath: string,
): ServiceConnection<Service> {
  const channel = new Channel(`unix:${socketPath}`, credentials.createInsecure(), CHANNEL_OPTIONS);
  const client = createClientFactory().use(errorMiddleware(socketPath)).create(definition, channel);
  const close = () => channel.close();
  return { client, close, [Symbol.dispose]: close };
}

function errorMiddleware(socketPath: string) {
  return async function* <Request, Response>(call: ClientMiddlewareCall<Request, Response>, options: CallOptions) {
    let reason: string | undefined;
    const withTrailer: CallOptions = {
      ...options,
      onTrailer(trailer) {
        reason = trailer.get(REASON_TRAILER);
        options.onTrailer?.(trailer);
      },
    };
    try {
      return yield* call.next(call.request, withTrailer);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      throw toClientError({ code: error.code, details: error.details, reason }, socketPath, error);
    }
  };
}
