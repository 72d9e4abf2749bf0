import { Event } from '@berth/proto/event';
import { DeliverPolicy, RetentionPolicy, StorageType, type NatsConnection, type StreamConfig } from 'nats';

/** The JetStream stream that keeps every event. */
export const EVENT_STREAM: Pick<
  StreamConfig,
  'name' | 'subjects' | 'retention' | 'storage' | 'max_bytes' | 'max_age'
> & {
  duplicate_window: number;
} = {
  name: 'BERTH_EVENTS',
  subjects: ['berth.events.>'],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  max_bytes: 256 * 1024 * 1024,
  max_age: 90 * 24 * 3600 * 1e9,
  duplicate_window: 120 * 1e9,
};

/** An event with the subject that it came by. */
export interface ReceivedEvent {
  event: Event;
  /** `berth.events.<host>.<service>.<noun>.<verb>` */
  subject: string;
}

export interface EventStreamOptions {
  /** Begins with the events of this time; absent: with the next event, or with an end with the first that is kept. */
  since?: Date;
  /** Ends before the first event after this time; absent: stays until the signal. */
  until?: Date;
  signal?: AbortSignal;
}

/**
 * Reads events in the order in which they were published. History survives restarts of services and of NATS. Ends without an error when
 * the signal is aborted; an event may come twice after a reconnection: `event.id` is the same then.
 */
export async function* readEvents(
  connection: NatsConnection,
  options: EventStreamOptions = {},
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const { until, signal } = options;
  // The client's consumer of all messages gets none.
  const since = options.since ?? (until ? new Date(0) : null);
  const consumer = await connection.jetstream().consumers.get(EVENT_STREAM.name, {
    ...(since
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since.toISOString() }
      : { deliver_policy: DeliverPolicy.New }),
  });
  const messages = await consumer.consume();
  const stop = () => messages.stop();
  // It may have been aborted before anybody listened.
  if (signal?.aborted) return stop();
  signal?.addEventListener('abort', stop, { once: true });
  // The stream has no end of its own, so a timer ends one that waits for events until a time to come.
  const remainingMs = until ? Math.max(until.getTime() - Date.now(), 0) + DRAIN_MS : LONGEST_TIMER_MS;
  // A longer timer would end at once, and it is only for a stream without events.
  const timer = remainingMs < LONGEST_TIMER_MS ? setTimeout(stop, remainingMs) : undefined;
  try {
    for await (const message of messages) {
      const event = parseEnvelope(message.string());
      if (until && eventTime(event) > until.getTime()) return;
      yield { event, subject: message.subject };
      if (until && message.info.pending === 0 && until.getTime() <= Date.now()) return;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long past events may take to arrive, in milliseconds. */
const DRAIN_MS = 1000;

function eventTime(event: Event): number {
  return Number(event.time?.seconds ?? 0n) * 1000 + (event.time?.nanos ?? 0) / 1e6;
}

function parseEnvelope(json: string): Event {
  const envelope = JSON.parse(json) as { data: unknown };
  return Event.fromJSON(envelope.data);
}
