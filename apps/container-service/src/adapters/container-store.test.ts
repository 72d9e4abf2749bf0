import { openDatabase, openOutbox } from '@berth/service-kit';
import { containerStoreContract } from '../container-store.contract.ts';
import { networkStoreContract } from '../network-store.contract.ts';
import type { ContainerEvent } from '../ports.ts';
import { createChange } from './durability.ts';
import { createMemoryStores } from './memory-stores.ts';
import { createSqliteContainerStore } from './sqlite-container-store.ts';
import { createSqliteExecStore } from './sqlite-exec-store.ts';
import { CONTAINER_MIGRATIONS } from './sqlite-schema.ts';
import { createSqliteNetworkStore } from './sqlite-network-store.ts';
import { createSqliteSettingStore } from './sqlite-setting-store.ts';

const openMemory = () => {
  const stores = createMemoryStores();
  return { ...stores, events: () => stores.events, close: () => {} };
};

const openSqlite = () => {
  const database = openDatabase({ path: ':memory:', migrations: CONTAINER_MIGRATIONS });
  const outbox = openOutbox(database);
  const change = createChange(database, outbox, { begin: () => {} });
  const events = (): ContainerEvent[] =>
    outbox.pending(100).map(({ event: { noun, verb, objectId, attributes } }) => ({
      noun: noun as ContainerEvent['noun'],
      verb,
      objectId,
      attributes,
    }));
  return {
    containers: createSqliteContainerStore(database, change, { settled: () => Promise.resolve() }),
    execs: createSqliteExecStore(database, change),
    settings: createSqliteSettingStore(database, change),
    networks: createSqliteNetworkStore(database, change),
    events,
    close: () => database.close(),
  };
};

containerStoreContract('memory', openMemory);
containerStoreContract('sqlite', openSqlite);
networkStoreContract('memory', openMemory);
networkStoreContract('sqlite', openSqlite);
