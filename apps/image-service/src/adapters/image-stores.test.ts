import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, openOutbox } from '@berth/service-kit';
import { imageStoreContract } from '../image-store.contract.ts';
import type { ImageEvent } from '../ports.ts';
import { createMemoryStores } from './memory-stores.ts';
import { createSqliteImageStore, IMAGE_MIGRATIONS } from './sqlite-image-store.ts';
import { createSqliteLeaseList } from './sqlite-lease-list.ts';
import { createSqliteSnapshotStore } from './sqlite-snapshot-store.ts';

imageStoreContract('memory', () => {
  const stores = createMemoryStores();
  return { ...stores, events: () => stores.events, close: () => {} };
});

imageStoreContract('sqlite', () => {
  // A file, because snapshots have a connection of their own.
  const dir = mkdtempSync('/tmp/berth-');
  const path = join(dir, 'state.db');
  const database = openDatabase({ path, migrations: IMAGE_MIGRATIONS });
  const quick = openDatabase({ path, migrations: IMAGE_MIGRATIONS, synchronous: 'NORMAL' });
  const outbox = openOutbox(database);
  return {
    images: createSqliteImageStore(database, outbox, 'boot'),
    snapshots: createSqliteSnapshotStore(quick),
    leases: createSqliteLeaseList(database),
    events: () =>
      outbox.pending(100).map(({ event }) => ({
        verb: event.verb as ImageEvent['verb'],
        objectId: event.objectId,
        name: event.attributes.name ?? '',
      })),
    close() {
      quick.close();
      database.close();
      rmSync(dir, { recursive: true });
    },
  };
});
