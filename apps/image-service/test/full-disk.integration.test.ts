// `BERTH_DISK_ROUNDS=300 BERTH_DISK_SEED=7` runs more of them.
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isBerthError } from '@berth/errors';
import { killComponent, startTestEngine, type TestEngine } from '@berth/testkit';
import { commitImage, importImage, removeAll, saveImages, startImages } from './support/image-store-under-test.ts';
import { ask, createRandom, expectUntouched, liveAtRandom } from './support/random-life.ts';
import { expectConsistent } from './support/store-state.ts';

const rounds = Number(process.env.BERTH_DISK_ROUNDS ?? 2);
const seed = Number(process.env.BERTH_DISK_SEED ?? 1);
const ROUND_LIMIT_MS = 30_000;
const DISK_BYTES = 24 * 1024 * 1024;
const DEEDS = 10;
/** Sometimes not even a page is left, sometimes enough for a layer but not for what follows. */
const FREE_MAX_BYTES = 1_500_000;

let engine: TestEngine;
let archive: Buffer;

beforeAll(async () => {
  engine = await startTestEngine({
    only: ['registry-gateway'],
    busybox: false,
    diskLimits: { 'image-service': DISK_BYTES },
  });
  using images = await startImages(engine);
  await importImage(images.client, 'a:1', 'from an archive');
  await commitImage(images.client, { key: 'k', image: 'a:1', reference: 'b:1', content: 'from an archive' });
  archive = await saveImages(images.client, ['a:1', 'b:1']);
  await removeAll(images.client);
});
afterAll(() => engine.stop());

/** Takes all of the disk but so many bytes. */
function fillDisk(leftBytes: number): void {
  emptyDisk();
  const dir = engine.paths.serviceDir('image-service');
  const { bavail, bsize } = statfsSync(dir);
  try {
    writeFileSync(join(dir, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
  } catch (error) {
    // Work in the background may have been faster, and then it is full as well.
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

function emptyDisk(): void {
  rmSync(join(engine.paths.serviceDir('image-service'), 'filler'), { force: true });
}

/** Lives on a disk that fills up again and again, then crashes. */
async function liveInNeed(random: () => number): Promise<number> {
  let deeds = 0;
  let refusals = 0;
  using images = await startImages(engine);
  const { told, touched } = await liveAtRandom(images.client, {
    before: await ask(images.client),
    random,
    archive,
    isOver: () => deeds >= DEEDS,
    prepare() {
      deeds++;
      if (random() < 0.7) fillDisk(random() ** 3 * FREE_MAX_BYTES);
      else emptyDisk();
    },
    onFailure(error) {
      // Or the container that writes what is committed has no room.
      const isFull = isBerthError(error, 'DISK_FULL') || (error as NodeJS.ErrnoException).code === 'ENOSPC';
      if (isFull) refusals++;
      else if (!isBerthError(error, 'IMAGE_NOT_FOUND') && !isBerthError(error, 'IMAGE_IN_USE')) throw error;
    },
  });
  emptyDisk();
  expectUntouched(told, await ask(images.client), touched);
  await killComponent(engine, 'image-service');
  using again = await startImages(engine);
  expectUntouched(told, await ask(again.client), touched);
  await expectConsistent(engine, again.client);
  await removeAll(again.client);
  await expectConsistent(engine, again.client);
  return refusals;
}

test(
  `a disk that is full at any time costs nothing that was told, in ${rounds} rounds (seed ${seed})`,
  async () => {
    let refusals = 0;
    for (let round = 0; round < rounds; round++) {
      const where = `round ${round} of seed ${seed}`;
      refusals += await liveInNeed(createRandom(seed * 1_000_003 + round)).catch((error: unknown) => {
        throw new Error(where, { cause: error });
      });
    }
    expect(refusals).toBeGreaterThan(0);
  },
  rounds * ROUND_LIMIT_MS,
);
