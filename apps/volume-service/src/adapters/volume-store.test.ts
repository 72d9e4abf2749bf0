import { openDatabase, openOutbox } from '@berth/service-kit';
import type { VolumeEvent } from '../ports.ts';
import { volumeStoreContract } from '../volume-store.contract.ts';
import { createMemoryVolumeStore } from './memory-volume-store.ts';
import { createSqliteVolumeStore, VOLUME_MIGRATIONS } from './sqlite-volume-store.ts';

volumeStoreContract('memory', () => {
  const store = createMemoryVolumeStore();
  return { store, events: () => store.events, close: () => {} };
});

volumeStoreContract('sqlite', () => {
  const database = openDatabase({ path: ':memory:', migrations: VOLUME_MIGRATIONS });
  const outbox = openOutbox(database);
  const events = (): VolumeEvent[] =>
    outbox.pending(100).map(({ event }) => ({
      verb: event.verb as VolumeEvent['verb'],
      volume: event.objectId,
      attributes: event.attributes,
    }));
  return { store: createSqliteVolumeStore(database, outbox), events, close: () => database.close() };
});
