import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Event } from '@berth/proto/event';
import { transaction } from './database.ts';

/** A change of state, as a use case tells it. */
export interface NewEvent {
  noun: string;
  verb: string;
  objectId: string;
  attributes?: Record<string, string>;
  /** Unix time in milliseconds; absent: now. */
  timeMs?: number;
}

/** Where use cases tell what changed. */
export interface EventSink {
  /** Records an event. Call it inside the transaction that changes the state: both are committed, or neither. */
  add(event: NewEvent): void;
}

/** NATS takes a message of a megabyte at most. */
const MAX_EVENT_BYTES = 512 * 1024;

/** Events that are taken out together are all in memory, and in more than one form. */
const TAKEN_MAX_BYTES = 4 * 1024 * 1024;

/** An event as it is published. */
export interface StoredEvent {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly noun: string;
  readonly verb: string;
  readonly objectId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An event that waits to be published. */
export interface PendingEvent {
  sequence: number;
  event: StoredEvent;
}

/** The events of a service that NATS has not acknowledged yet, in its own database, so that none is lost. */
export interface Outbox extends EventSink {
  /** The oldest pending events, at most `limit`, and no more than are worth a few megabytes. */
  pending(limit: number): PendingEvent[];
  /** Forgets all events up to this sequence number. */
  remove(throughSequence: number): void;
  /** Sets what is called when events were added, or when `pending` has left some for their size. One listener. */
  onAdded(listener: () => void): void;
}

/** Opens the outbox in a service's database, creating its table when missing. */
export function openOutbox(database: DatabaseSync): Outbox {
  database.exec(
    'CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT',
  );
  const insert = database.prepare('INSERT INTO outbox (event) VALUES (?)');
  const select = database.prepare('SELECT sequence, event FROM outbox ORDER BY sequence LIMIT ?');
  const removeThrough = database.prepare('DELETE FROM outbox WHERE sequence <= ?');
  let listener: () => void = () => {};

  return {
    add(event) {
      insert.run(encodeEvent(toEvent(event)));
      listener();
    },
    pending(limit) {
      const taken: PendingEvent[] = [];
      let room = TAKEN_MAX_BYTES;
      for (const row of select.iterate(limit)) {
        const json = String(row.event);
        room -= json.length;
        if (room < 0) {
          listener();
          break;
        }
        // JSON of protobuf leaves out what is empty.
        const event = { objectId: '', attributes: {}, ...(JSON.parse(json) as Partial<StoredEvent>) } as StoredEvent;
        taken.push({ sequence: Number(row.sequence), event });
      }
      return taken;
    },
    remove(throughSequence) {
      transaction(database, () => removeThrough.run(throughSequence));
    },
    onAdded(newListener) {
      listener = newListener;
    },
  };
}

/** One that is too large would be refused, and keep all behind it waiting: it goes without the first of its attributes. */
function encodeEvent(event: Event): string {
  const json = JSON.stringify(Event.toJSON(event));
  if (Buffer.byteLength(json) <= MAX_EVENT_BYTES) return json;
  return JSON.stringify(Event.toJSON({ ...event, attributes: lastOf(event.attributes) }));
}

/** What the engine says of an object comes behind its labels. */
function lastOf(attributes: Record<string, string>): Record<string, string> {
  const kept: [string, string][] = [];
  let room = MAX_EVENT_BYTES / 2;
  for (const entry of Object.entries(attributes).reverse()) {
    room -= Buffer.byteLength(JSON.stringify(entry));
    if (room < 0) break;
    kept.unshift(entry);
  }
  return Object.fromEntries(kept);
}

function toEvent({ noun, verb, objectId, attributes = {}, timeMs = Date.now() }: NewEvent): Event {
  const seconds = Math.floor(timeMs / 1000);
  const nanos = Math.round((timeMs - seconds * 1000) * 1e6);
  return { id: randomUUID(), time: { seconds: BigInt(seconds), nanos }, noun, verb, objectId, attributes };
}
