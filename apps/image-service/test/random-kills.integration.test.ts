// `BERTH_KILL_ROUNDS=300 BERTH_KILL_SEED=7` runs more of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findEngineProcesses, killComponent, startTestEngine, type TestEngine } from '@berth/testkit';
import {
  commitImage,
  importImage,
  removeAll,
  saveImages,
  servicePid,
  startImages,
} from './support/image-store-under-test.ts';
import { ask, createRandom, expectUntouched, liveAtRandom } from './support/random-life.ts';
import { expectConsistent } from './support/store-state.ts';

const rounds = Number(process.env.BERTH_KILL_ROUNDS ?? 3);
const seed = Number(process.env.BERTH_KILL_SEED ?? 1);
const ROUND_LIMIT_MS = 30_000;
const LIFE_MS = 600;

let engine: TestEngine;
let archive: Buffer;

beforeAll(async () => {
  engine = await startTestEngine({ only: ['registry-gateway'], busybox: false });
  using images = await startImages(engine);
  await importImage(images.client, 'a:1', 'from an archive');
  await commitImage(images.client, { key: 'k', image: 'a:1', reference: 'b:1', content: 'from an archive' });
  archive = await saveImages(images.client, ['a:1', 'b:1']);
  await removeAll(images.client);
  await killComponent(engine, 'image-service');
});
afterAll(() => engine.stop());

function killTool(): void {
  const tools = findEngineProcesses(engine.root).filter(({ commandLine }) => commandLine.includes('berth-layer'));
  for (const { pid } of tools) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Its work was done, and it has gone.
    }
  }
}

/** Lives until image-service is killed; its tool may be killed before. */
async function liveAndDie(random: () => number): Promise<void> {
  using images = await startImages(engine);
  const before = await ask(images.client);
  let isOver = false;
  const living = liveAtRandom(images.client, { before, random, archive, isOver: () => isOver });
  living.catch(() => {});
  if (random() < 0.3) {
    await sleep(random() * LIFE_MS);
    killTool();
  }
  await sleep(random() * LIFE_MS);
  isOver = true;
  process.kill(servicePid(engine), 'SIGKILL');
  const { told, touched } = await living;
  await killComponent(engine, 'image-service').catch(() => {});

  using again = await startImages(engine);
  expectUntouched(told, await ask(again.client), touched);
  await expectConsistent(engine, again.client);
}

test(
  `all is as it was told after ${rounds} rounds of kills (seed ${seed})`,
  async () => {
    for (let round = 0; round < rounds; round++) {
      const where = `round ${round} of seed ${seed}`;
      await liveAndDie(createRandom(seed * 1_000_003 + round)).catch((error: unknown) => {
        throw new Error(where, { cause: error });
      });
    }
    using images = await startImages(engine);
    await removeAll(images.client);
    await expectConsistent(engine, images.client);
    expect(await ask(images.client)).toEqual({ names: {}, snapshots: [] });
  },
  rounds * ROUND_LIMIT_MS,
);
