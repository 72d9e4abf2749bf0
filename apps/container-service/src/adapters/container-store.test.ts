import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { openDatabase, openOutbox } from '@berth/service-kit';
import { containerStoreContract } from '../container-store.contract.ts';
import { networkStoreContract } from '../network-store.contract.ts';
import type { ContainerEvent } from '../ports/stores.ts';
import { advance, newContainer, withoutEndpoint } from '../container.ts';
import { containerEvent } from '../events.ts';
import { createChange } from './durability.ts';
import { aConfig, aSpec } from './memory-engine.ts';
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

test('a creation and an exit reach the disk, what nobody is told of does not have to', () => {
  const database = openDatabase({ path: ':memory:', migrations: CONTAINER_MIGRATIONS });
  let flushes = 0;
  const change = createChange(database, openOutbox(database), { begin: () => flushes++ });
  const store = createSqliteContainerStore(database, change, { settled: () => Promise.resolve() });
  const flushesOf = (run: () => void): number => {
    const before = flushes;
    run();
    return flushes - before;
  };
  const created = newContainer(aSpec({ id: 'a'.repeat(64), config: aConfig() }));
  const starting = advance(created, 'start', {});
  const running = advance(starting, 'run', {});
  const exited = advance(running, 'exit', { exitCode: 3 });
  const stories = [
    () => store.insert(created, []),
    () => store.replace(created, starting, []),
    () => store.replace(starting, running, []),
    () => store.replace(running, exited, []),
    () => store.replace(exited, withoutEndpoint(exited), []),
    () => store.replace(exited, exited, [containerEvent(exited, 'kill')]),
  ];
  expect(stories.map(flushesOf)).toEqual([1, 0, 0, 1, 0, 1]);
  database.close();
});

test('networks and places from before IPv6 have none', () => {
  const database = new DatabaseSync(':memory:');
  const version = CONTAINER_MIGRATIONS.findIndex((migration) => migration.includes('$.ipv6Address'));
  for (const migration of CONTAINER_MIGRATIONS.slice(0, version)) database.exec(migration);
  const spec = {
    config: {
      networks: [
        { network: 'a', address: '' },
        { network: 'b', address: '10.2.0.2' },
      ],
    },
  };
  const running = { endpoint: { address: '10.1.0.2' }, furtherEndpoints: [{ address: '10.2.0.2' }] };
  const insert = database.prepare('INSERT INTO containers VALUES (?, ?, ?, 1, ?, ?)');
  insert.run('1', 'web', 'running', JSON.stringify(spec), JSON.stringify(running));
  const ended = JSON.stringify({ endpoint: null, furtherEndpoints: [] });
  insert.run('2', 'old', 'exited', JSON.stringify({ config: { networks: [] } }), ended);
  database.prepare('INSERT INTO networks VALUES (?, ?, 1, ?)').run('n', 'a', JSON.stringify({ subnets: [] }));
  database.exec(CONTAINER_MIGRATIONS[version] ?? '');
  const read = (column: string, table = 'containers') =>
    database
      .prepare(`SELECT ${column} AS json FROM ${table}`)
      .all()
      .map(({ json }) => JSON.parse(String(json)));
  expect(read('network', 'networks')).toEqual([{ subnets: [], ipv4: true, ipv6: false }]);
  expect(read('state')).toEqual([
    { endpoint: { address: '10.1.0.2', ipv6: null }, furtherEndpoints: [{ address: '10.2.0.2', ipv6: null }] },
    { endpoint: null, furtherEndpoints: [] },
  ]);
  const networks = spec.config.networks.map((each) => ({ ...each, ipv6Address: '' }));
  expect(read('spec')).toEqual([{ config: { networks } }, { config: { networks: [] } }]);
});

test('networks that were asked for before options of drivers have none', () => {
  const database = new DatabaseSync(':memory:');
  const version = CONTAINER_MIGRATIONS.findIndex((migration) => migration.includes('$.driverOptions'));
  for (const migration of CONTAINER_MIGRATIONS.slice(0, version)) database.exec(migration);
  const insert = database.prepare('INSERT INTO containers VALUES (?, ?, ?, 1, ?, ?)');
  const specs = [{ config: { networks: [{ network: 'a' }, { network: 'b' }] } }, { config: { networks: [] } }];
  specs.forEach((spec, index) => insert.run(`${index}`, `${index}`, 'exited', JSON.stringify(spec), '{}'));
  database.exec(CONTAINER_MIGRATIONS[version] ?? '');
  const read = database.prepare('SELECT spec FROM containers').all();
  const none = { driverOptions: {}, linkLocalAddresses: [] };
  expect(read.map(({ spec }) => JSON.parse(String(spec)))).toEqual([
    {
      config: {
        networks: [
          { network: 'a', ...none },
          { network: 'b', ...none },
        ],
      },
    },
    { config: { networks: [] } },
  ]);
});
