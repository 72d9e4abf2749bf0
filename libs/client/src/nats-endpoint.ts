import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, type NatsConnection } from 'nats';
import { z } from 'zod';

const natsEndpoint = z.object({ url: z.string(), token: z.string() });

/** How to reach an engine's NATS server. */
export type NatsEndpoint = z.infer<typeof natsEndpoint>;

/** Reads `<runDir>/nats.json`. Throws what the file system or the parser throws. */
export function readNatsEndpoint(natsFile: string): NatsEndpoint {
  return natsEndpoint.parse(JSON.parse(readFileSync(natsFile, 'utf8')));
}

/** Connects to an engine's NATS server. */
export function connectNats(endpoint: NatsEndpoint, options: ConnectionOptions = {}): Promise<NatsConnection> {
  return connect({ ...options, servers: endpoint.url, token: endpoint.token });
}
