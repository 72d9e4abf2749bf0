import { describe, expect, test } from '@jest/globals';
import { createMemoryEngine } from '../adapters/memory-engine.ts';
import { createEngineNetwork } from './engine-network.ts';

/** An engine's network on a host whose tables are what `found` says, one after another; the last again and again. */
function aNetwork(...found: { state: string; isWhole: boolean }[]) {
  const { runtime } = createMemoryEngine();
  let made = 0;
  const network = createEngineNetwork({
    runtime: {
      ...runtime,
      ensureNetwork: () => Promise.resolve(void made++),
      inspectNetwork: () => Promise.resolve((found.length > 1 ? found.shift() : found[0]) as (typeof found)[number]),
    },
    settings: { getOrSet: (_, make) => make() },
    ...{ bridge: 'b', table: 't', startIndex: 0 },
    ...{ publishedPorts: () => [], nowNs: () => 0n, onMade: () => {}, hostSubnets: () => [] },
  });
  return { network, made: () => made };
}

const WHOLE = { state: '1 2', isWhole: true };
const PARTIAL = { state: '1 0', isWhole: false };

describe('the network of an engine', () => {
  test('is left alone while it is as it was made', async () => {
    const { network, made } = aNetwork(WHOLE);
    await network.ensure();
    expect([await network.repair(), made()]).toEqual([false, 1]);
  });

  test('is made anew when it has changed', async () => {
    const { network, made } = aNetwork(WHOLE, PARTIAL, WHOLE);
    await network.ensure();
    expect([await network.repair(), made()]).toEqual([true, 2]);
    expect([await network.repair(), made()]).toEqual([false, 2]);
  });

  test('is made anew when a table went before the first look at it', async () => {
    const { network, made } = aNetwork(PARTIAL, PARTIAL, WHOLE);
    await network.ensure();
    expect([await network.repair(), made()]).toEqual([true, 2]);
    expect([await network.repair(), made()]).toEqual([false, 2]);
  });

  test('is made twice, and no more, on a host that has one family only', async () => {
    const { network, made } = aNetwork(PARTIAL);
    await network.ensure();
    expect([await network.repair(), await network.repair(), made()]).toEqual([false, false, 2]);
  });
});
