import { existsSync } from 'node:fs';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_POINTS } from '../src/fault.ts';
import type { TestContainers } from './support/containers.ts';
import { crashService, startService } from './support/crashing-service.ts';
import { openState } from './support/left-behind.ts';
import { aNetwork } from './support/networks.ts';

let engine: TestEngine;
beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
  (await startService(engine)).close();
  await killComponent(engine, 'container-service');
});
afterAll(() => engine.stop());

const BRIDGE = 'btest0';
const REQUEST = aNetwork('net', { options: { 'com.docker.network.bridge.name': BRIDGE } });

function networkEvents(): string[] {
  const rows = openState(engine, (database) => database.prepare('SELECT event FROM outbox ORDER BY sequence').all());
  const events = rows.map((row) => JSON.parse(String(row.event)) as { noun: string; verb: string });
  return events.filter(({ noun }) => noun === 'network').map(({ verb }) => verb);
}

async function customNetworks({ client }: TestContainers): Promise<string[]> {
  const { networks } = await client.listNetworks({ filters: [{ key: 'type', value: 'custom' }] });
  return networks.map(({ name }) => name);
}

const hasBridge = (): boolean => existsSync(`/sys/class/net/${BRIDGE}`);

describe('the life of a network', () => {
  test.each(FAULT_POINTS.filter((point) => /^network-(create|rm):/.test(point)))(
    'survives a crash at %s',
    async (fault) => {
      const before = networkEvents().length;
      await crashService(engine, fault, async ({ client }) => {
        await client.createNetwork(REQUEST);
        await client.deleteNetwork({ network: 'net' });
      });
      using containers = await startService(engine);
      // What had not become a network, or was one no more, is none; and then it has no bridge.
      await waitFor(() => !hasBridge(), { what: 'the sweep' });
      expect(await customNetworks(containers)).toEqual([]);
      expect(networkEvents().slice(before)).toEqual(fault === 'network-rm:row' ? ['create', 'destroy'] : []);
      await containers.client.createNetwork(REQUEST);
      expect([await customNetworks(containers), hasBridge()]).toEqual([['net'], true]);
      await containers.client.deleteNetwork({ network: 'net' });
      expect([await customNetworks(containers), hasBridge()]).toEqual([[], false]);
      await killComponent(engine, 'container-service');
    },
  );

  test('leaves an interface of that name alone that is not the engine’s', async () => {
    using containers = await startService(engine);
    const request = { ...REQUEST, options: { 'com.docker.network.bridge.name': 'lo' } };
    await expect(containers.client.createNetwork(request)).rejects.toThrow("is no bridge of Berth's");
    expect([await customNetworks(containers), existsSync('/sys/class/net/lo')]).toEqual([[], true]);
    await killComponent(engine, 'container-service');
  });
});
