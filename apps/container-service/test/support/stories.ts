import type { TestEngine } from '@berth/testkit';
import { expect } from '@jest/globals';
import { openState } from './left-behind.ts';

/** The verbs of all events of containers, by container, as they wait in the outbox of an engine without NATS. */
export function eventsByContainer(engine: TestEngine): string[][] {
  const rows = openState(engine, (database) => database.prepare('SELECT event FROM outbox ORDER BY sequence').all());
  const byContainer = new Map<string, string[]>();
  for (const row of rows) {
    const event = JSON.parse(String(row.event)) as { noun: string; verb: string; objectId: string };
    if (event.noun !== 'container') continue;
    byContainer.set(event.objectId, [...(byContainer.get(event.objectId) ?? []), event.verb]);
  }
  return [...byContainer.values()];
}

/** Each state that a container was in was told once, and in order. */
export function expectWholeStories(engine: TestEngine): void {
  for (const verbs of eventsByContainer(engine)) {
    const count = (verb: string): number => verbs.filter((each) => each === verb).length;
    expect([verbs[0], verbs.at(-1)]).toEqual(['create', 'destroy']);
    expect([count('create'), count('destroy'), count('die'), count('exec_die')]).toEqual([
      1,
      1,
      count('start'),
      count('exec_start'),
    ]);
  }
}
