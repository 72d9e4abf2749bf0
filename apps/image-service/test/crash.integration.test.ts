// `BERTH_CRASH_POINTS=all` crashes at every step, not only at those that leave the most behind.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { ImageServiceClient } from '@berth/proto/image';
import { killComponent, startTestEngine, type TestEngine } from '@berth/testkit';
import { FAULT_POINTS, type FaultPoint } from '../src/fault.ts';
import {
  commitImage,
  importImage,
  loadImages,
  removeAll,
  saveImages,
  startImages,
  waitForDeath,
} from './support/image-store-under-test.ts';
import { expectConsistent } from './support/store-state.ts';

const TELLING: readonly FaultPoint[] = [
  'layer:placed',
  'layer:trashed',
  'content:ingested',
  'content:leased',
  'lease:noted',
  'image:committed',
  'image:removed',
  'snapshot:made',
  'snapshot:forgotten',
];
const points = process.env.BERTH_CRASH_POINTS === 'all' ? FAULT_POINTS : TELLING;

let engine: TestEngine;

beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be looked at.
  engine = await startTestEngine({ only: ['registry-gateway'], busybox: false });
});
afterAll(() => engine.stop());
afterEach(() => killComponent(engine, 'image-service'));

/** Passes every fault point. */
async function live(client: ImageServiceClient): Promise<void> {
  await importImage(client, 'base:1', 'x');
  await commitImage(client, { key: 'container', image: 'base:1', reference: 'made:1', content: 'y' });
  const archive = await saveImages(client, ['base:1', 'made:1']);
  await client.tagImage({ name: 'base:1', target: 'other:1' });
  await client.deleteImage({ name: 'made:1' });
  await client.deleteImage({ name: 'base:1', force: true });
  await client.deleteSnapshot({ key: 'container' });
  await client.pruneImages({ all: true });
  await loadImages(client, archive);
}

test.each(points)('a crash at %s loses nothing and leaves nothing', async (fault) => {
  const doomed = await startImages(engine, fault);
  await live(doomed.client).catch(() => {});
  await waitForDeath(engine);
  doomed.close();

  using images = await startImages(engine);
  await expectConsistent(engine, images.client);
  await importImage(images.client, 'after:1', 'z');
  await removeAll(images.client);
  await expectConsistent(engine, images.client);
  expect((await images.client.listImages({ all: true })).images).toEqual([]);
});
