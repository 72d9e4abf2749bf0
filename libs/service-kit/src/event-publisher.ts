import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats, EVENT_STREAM, readNatsEndpoint } from '@berth/client';
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { createAcknowledgedPublisher, type StreamMessage } from './acknowledged-publisher.ts';
import type { Outbox, StoredEvent } from './outbox.ts';

export interface EventPublisherOptions {
  outbox: Outbox;
  /** `<runDir>/nats.json`; read again at every connection, since NATS may come back elsewhere. */
  natsFile: string;
  /** The service's name, a token of the subject. */
  service: string;
  log: Logger;
  /** Awaited before events are sent: resolves when what they tell of is on the disk. */
  settled: () => Promise<void>;
  /** Ends the publisher. */
  signal: AbortSignal;
}

/** Publishing waits this long after an event, so that it stays off the path of the call that caused it and a burst becomes one batch. */
const BATCH_DELAY_MS = 20;
const BATCH_SIZE = 256;
const RETRY_DELAY_MS = { first: 100, last: 5000 };

/**
 * Publishes a service's outbox to JetStream, in order, until the signal is aborted. An event is removed when the stream has acknowledged
 * it and all before it; one that is sent twice carries the same `Nats-Msg-Id`. NATS away: events wait, and the service works on.
 */
export async function publishEvents(options: EventPublisherOptions): Promise<void> {
  const { log, signal } = options;
  const wakeup = createWakeup(options.outbox, signal);
  let delayMs = RETRY_DELAY_MS.first;
  let reported = false;
  while (!signal.aborted) {
    try {
      await publishWhileConnected(options, wakeup, () => {
        if (reported) log.info('nats is back, publishing events');
        reported = false;
        delayMs = RETRY_DELAY_MS.first;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!reported) log.warn({ err: error }, 'cannot publish events, they wait in the outbox');
      reported = true;
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      delayMs = Math.min(delayMs * 2, RETRY_DELAY_MS.last);
    }
  }
}

async function publishWhileConnected(
  { outbox, natsFile, service, settled, signal }: EventPublisherOptions,
  wakeup: Wakeup,
  onConnected: () => void,
): Promise<void> {
  const connection = await connectNats(readNatsEndpoint(natsFile), { name: service, reconnect: false, timeout: 2000 });
  const disconnected = connection.closed().then(() => wakeup.wake());
  try {
    await ensureStream(connection);
    onConnected();
    const publisher = createAcknowledgedPublisher(connection);
    const host = hostname();
    while (!signal.aborted) {
      if (connection.isClosed()) throw new Error('the connection to nats was closed');
      const batch = outbox.pending(BATCH_SIZE);
      await settled();
      const { count, refusal } = await publisher.publish(batch.map(({ event }) => toMessage(event, host, service)));
      const last = batch[count - 1];
      if (last) outbox.remove(last.sequence);
      if (refusal !== null) throw refusal;
      if (batch.length < BATCH_SIZE) await wakeup.wait();
    }
  } finally {
    await connection.close().catch(() => {});
    await disconnected;
  }
}

/** A CloudEvent in JSON. */
function toMessage(event: StoredEvent, host: string, service: string): StreamMessage {
  // `health_status: healthy` has a detail that is no part of a subject.
  const verb = subjectToken(event.verb.replace(/:.*/, ''));
  const { id, noun, objectId, time } = event;
  const envelope = {
    specversion: '1.0',
    id,
    source: `/hosts/${host}/${service}`,
    type: `io.berth.${noun}.${verb}.v1`,
    ...(objectId !== '' && { subject: objectId }),
    time,
    datacontenttype: 'application/json',
    data: event,
  };
  const subject = `berth.events.${subjectToken(host)}.${service}.${noun}.${verb}`;
  return { subject, id, text: JSON.stringify(envelope) };
}

async function ensureStream(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  const existing = await manager.streams.info(EVENT_STREAM.name).catch(() => null);
  if (existing === null) await manager.streams.add(EVENT_STREAM);
}

/** A name, such as the host's, as one token of a NATS subject. */
export function subjectToken(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '-') || '-';
}

interface Wakeup {
  wake(): void;
  /** Resolves soon after the next wake-up; at once when one came since the last wait. */
  wait(): Promise<void>;
}

function createWakeup(outbox: Outbox, signal: AbortSignal): Wakeup {
  let pending = false;
  let resolveWait: (() => void) | null = null;
  const wake = () => {
    pending = true;
    resolveWait?.();
    resolveWait = null;
  };
  outbox.onAdded(wake);
  signal.addEventListener('abort', wake, { once: true });
  return {
    wake,
    async wait() {
      if (!pending) await new Promise<void>((resolve) => (resolveWait = resolve));
      pending = false;
      if (!signal.aborted) await sleep(BATCH_DELAY_MS, undefined, { signal }).catch(() => {});
    },
  };
}
