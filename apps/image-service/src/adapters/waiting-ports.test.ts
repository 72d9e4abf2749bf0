import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { RegistryServiceClient } from '@berth/proto/registry';
import { createTemporaryDirectory } from '@berth/testkit';
import { openDirectoryLayerStore, type LayerStoreOptions } from './directory-layer-store.ts';
import { createGrpcContentClient } from './grpc-content-client.ts';

const tool = { spread: () => Promise.resolve() } as unknown as LayerStoreOptions['tool'];

test('the directory of a layer goes when its row is off the disk', async () => {
  using directory = createTemporaryDirectory();
  const { promise, resolve } = Promise.withResolvers<void>();
  const store = openDirectoryLayerStore({ stateDir: directory.path, tool, limits: {}, settled: () => promise });
  const layer = join(store.dir, '1');
  mkdirSync(layer);
  const removed = store.remove('1');
  await new Promise(setImmediate);
  expect(existsSync(layer)).toBe(true);
  resolve();
  await removed;
  expect(existsSync(layer)).toBe(false);
});

test('the gateway hears of a lease when that is noted on the disk', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const calls: string[] = [];
  const call = (name: string) => () => {
    calls.push(name);
    return Promise.resolve({ blob: { descriptor: { mediaType: '', digest: 'd', sizeBytes: 1n }, path: '' } });
  };
  const client = { ingestBlob: call('ingest'), setLease: call('setLease') } as unknown as RegistryServiceClient;
  const content = createGrpcContentClient(client, () => promise);
  const { signal } = new AbortController();
  const what = { mediaType: 'text/plain', lease: 'l' };
  const working = [
    content.ingest(what, (async function* () {})(), signal),
    content.ingestFile(what, { path: '/f', offset: 0, size: 1 }, signal),
    content.setLease('l', []),
  ];
  await new Promise(setImmediate);
  expect(calls).toEqual([]);
  resolve();
  await Promise.all(working);
  expect(calls.sort()).toEqual(['ingest', 'ingest', 'setLease']);
});
