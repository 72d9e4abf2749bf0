import { openDatabase, openOutbox } from '@berth/service-kit';
import { CONTRACT_TIME_MS, imageStoreContract } from '../image-store.contract.ts';
import type { ImageEvent } from '../ports.ts';
import { IMAGE_MIGRATIONS } from './image-migrations.ts';
import { createMemoryStores } from './memory-stores.ts';
import { createSqliteImageStore } from './sqlite-image-store.ts';
import { createSqliteLeaseList } from './sqlite-lease-list.ts';
import { createSqliteSnapshotStore } from './sqlite-snapshot-store.ts';

imageStoreContract('memory', () => {
  const stores = createMemoryStores({ nowMs: () => CONTRACT_TIME_MS });
  return { ...stores, events: () => stores.events, prunes: () => stores.prunes, close: () => {} };
});

imageStoreContract('sqlite', () => {
  const database = openDatabase({ path: ':memory:', migrations: IMAGE_MIGRATIONS });
  const outbox = openOutbox(database);
  const flush = { begin() {} };
  return {
    images: createSqliteImageStore({ database, flush, events: outbox, bootId: 'boot', nowMs: () => CONTRACT_TIME_MS }),
    snapshots: createSqliteSnapshotStore(database),
    leases: createSqliteLeaseList(database, flush),
    events: () =>
      outbox.pending(100).map(({ event: { verb, objectId, attributes } }) => ({
        verb: verb as ImageEvent['verb'],
        objectId,
        name: attributes.name ?? '',
      })),
    prunes: () =>
      outbox.pending(100).map(({ event }) => ({ verb: 'prune', reclaimedBytes: Number(event.attributes.reclaimed) })),
    close: () => database.close(),
  };
});
