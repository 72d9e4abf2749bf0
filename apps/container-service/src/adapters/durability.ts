import type { DatabaseSync } from 'node:sqlite';
import { transaction, type EventSink } from '@berth/service-kit';
import type { ContainerEvent } from '../ports.ts';

/** What a transaction survives: a power cut, or a crash of the process only, which is eight times faster. */
export type Durability = 'power-cut' | 'crash';

/** Runs one change and the recording of its events in a transaction. */
export type Change = <Result>(durability: Durability, events: readonly ContainerEvent[], run: () => Result) => Result;

/** Changes to a database whose events go to a sink. */
export function createChange(database: DatabaseSync, sink: EventSink): Change {
  let current: Durability | null = null;

  function setDurability(durability: Durability): void {
    if (durability === current) return;
    database.exec(`PRAGMA synchronous = ${durability === 'power-cut' ? 'FULL' : 'NORMAL'}`);
    current = durability;
  }

  return (durability, events, run) => {
    setDurability(durability);
    return transaction(database, () => {
      const result = run();
      for (const event of events) sink.add({ ...event, attributes: { ...event.attributes } });
      return result;
    });
  };
}
