import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { openOutbox } from './outbox.ts';

test('an event that NATS would refuse for its size goes without the first of its attributes', () => {
  using database = new DatabaseSync(':memory:');
  const outbox = openOutbox(database);
  const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${index}`, 'x'.repeat(200)]));
  outbox.add({ noun: 'container', verb: 'create', objectId: 'c', attributes: { ...labels, image: 'a', name: 'b' } });
  const [{ event } = { event: null }] = outbox.pending(1);
  expect(event?.attributes).toMatchObject({ image: 'a', name: 'b', 'label-9999': labels['label-9999'] });
  expect(event?.attributes).not.toHaveProperty('label-0');
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(512 * 1024);
});

test('an event of a usual size has all of its attributes', () => {
  using database = new DatabaseSync(':memory:');
  const outbox = openOutbox(database);
  const attributes = { label: 'x'.repeat(100_000), name: 'b' };
  outbox.add({ noun: 'container', verb: 'create', objectId: 'c', attributes });
  expect(outbox.pending(1)[0]?.event.attributes).toEqual(attributes);
});

test('events that are large are taken out a few at a time, in their order', () => {
  using database = new DatabaseSync(':memory:');
  const outbox = openOutbox(database);
  const attributes = { label: 'x'.repeat(500_000) };
  for (let id = 0; id < 20; id++) outbox.add({ noun: 'container', verb: 'create', objectId: String(id), attributes });
  let more = 0;
  outbox.onAdded(() => more++);
  const told: string[] = [];
  for (let batch = outbox.pending(20); batch.length > 0; batch = outbox.pending(20)) {
    expect(batch.length).toBeLessThan(10);
    told.push(...batch.map(({ event }) => event.objectId));
    outbox.remove(batch.at(-1)?.sequence ?? 0);
  }
  expect(more).toBeGreaterThan(0);
  expect(told).toEqual(Array.from({ length: 20 }, (_, id) => String(id)));
});
