// The events of an engine. This module, with the NATS client in it, has a bundle of its own: so it throws and returns nothing that is
// told by its class.
import { connectNats, readEvents, readNatsEndpoint } from '@berth/client';
import type { Event } from '@berth/proto/event';

export interface EventRange {
  since?: Date;
  until?: Date;
  signal: AbortSignal;
}

export interface EventSource {
  /** The events of the range in order; without `until`, it ends when the signal is aborted. */
  read(range: EventRange): AsyncIterable<Event>;
  close(): Promise<void>;
}

/** Connects to the engine's NATS server. Throws what the file system says about `natsFile`, or an Error of the connection. */
export async function openEventSource(natsFile: string): Promise<EventSource> {
  const endpoint = readNatsEndpoint(natsFile);
  const connection = await connectNats(endpoint, { maxReconnectAttempts: -1 }).catch((error: unknown) => {
    throw new Error(`${endpoint.url}: ${(error as Error).message}`, { cause: error });
  });
  return {
    async *read(range) {
      for await (const { event } of readEvents(connection, range)) yield event;
    },
    close: () => connection.close(),
  };
}
