import type { DatabaseSync } from 'node:sqlite';
import { transaction, type CommitFlush, type EventSink } from '@berth/service-kit';
import type { ContainerEvent } from '../ports/stores.ts';

/** What a transaction survives: a power cut, once the flush that it begins has settled, or a crash of the process only. */
export type Durability = 'power-cut' | 'crash';

/** Runs one change and the recording of its events in a transaction. */
export type Change = <Result>(durability: Durability, events: readonly ContainerEvent[], run: () => Result) => Result;

/** Changes to a database with `synchronous: 'NORMAL'` whose events go to a sink. */
export function createChange(database: DatabaseSync, sink: EventSink, flush: Pick<CommitFlush, 'begin'>): Change {
  return (durability, events, run) => {
    const result = transaction(database, () => {
      const changed = run();
      for (const event of events) sink.add({ ...event, attributes: { ...event.attributes } });
      return changed;
    });
    if (durability === 'power-cut') flush.begin();
    return result;
  };
}
