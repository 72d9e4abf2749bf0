import { createInbox, headers, type Msg, type NatsConnection } from 'nats';

/** What goes to a stream. */
export interface StreamMessage {
  readonly subject: string;
  /** A message of the same id is taken once. */
  readonly id: string;
  readonly text: string;
}

/** What became of messages that were sent together. */
export interface Acknowledged {
  /** How many, from the first on, the stream has without a gap. */
  readonly count: number;
  /** Why it does not have all of them; null when it has. */
  readonly refusal: Error | null;
}

/** Sends messages to JetStream without waiting for each before the next: a message is then one system call less, and no round trip. */
export interface AcknowledgedPublisher {
  /** Resolves when each was answered, or at the first that was refused. One call at a time. */
  publish(messages: readonly StreamMessage[]): Promise<Acknowledged>;
}

/** How long the stream may be quiet. */
const QUIET_MS = 5000;

/** A publisher over a connection. NATS handles what comes on one connection in its order, and so does a stream. */
export function createAcknowledgedPublisher(connection: NatsConnection): AcknowledgedPublisher {
  const inbox = createInbox();
  let batch = 0;
  let onAnswer: (message: Msg) => void = () => {};
  let onEnd: (error: Error) => void = () => {};
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => (error === null ? onAnswer(message) : onEnd(error)),
  });
  void connection.closed().then(() => onEnd(new Error('the connection to nats was closed')));

  return {
    async publish(messages) {
      batch++;
      const waiting = new Set(messages.keys());
      const { promise, resolve } = Promise.withResolvers<Error | null>();
      const timer = setTimeout(() => resolve(new Error('the event stream does not answer')), QUIET_MS);
      onEnd = resolve;
      onAnswer = (message) => {
        const [of, index] = (message.subject.split('.').at(-1) ?? '').split('-').map(Number);
        if (of !== batch || index === undefined) return;
        const refusal = refusalOf(message);
        if (refusal !== null) return resolve(refusal);
        timer.refresh();
        waiting.delete(index);
        if (waiting.size === 0) resolve(null);
      };
      try {
        for (const [index, { subject, id, text }] of messages.entries()) {
          const options = { reply: `${inbox}.${batch}-${index}`, headers: headers() };
          options.headers.set('Nats-Msg-Id', id);
          connection.publish(subject, text, options);
        }
        if (messages.length === 0) resolve(null);
        const refusal = await promise;
        const [first = messages.length] = waiting;
        return { count: first, refusal };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** https://docs.nats.io/reference/reference-protocols/nats_api_reference: a PubAck has an error, or the place in the stream. */
function refusalOf(message: Msg): Error | null {
  // NATS itself answers where no stream listens.
  if (message.data.length === 0) return new Error(`no event stream answers (${message.headers?.code ?? 0})`);
  const { error } = message.json<{ error?: { description?: string } }>();
  return error === undefined ? null : new Error(`the event stream refuses: ${error.description ?? 'no reason given'}`);
}
