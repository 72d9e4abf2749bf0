import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { mapInOrder } from './map-in-order.ts';

const { signal } = new AbortController();

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('mapInOrder', () => {
  test('tells results in the order of the items, however long each takes, and never runs more than it may', async () => {
    let [running, most] = [0, 0];
    const task = async (turns: number): Promise<number> => {
      most = Math.max(most, ++running);
      for (let i = 0; i < turns; i++) await turn();
      running--;
      return turns;
    };
    expect(await collect(mapInOrder([9, 1, 5, 0, 3], { width: 2, signal }, task))).toEqual([9, 1, 5, 0, 3]);
    expect(most).toBe(2);
  });

  test('throws what the first task threw that failed, after the others have ended, and starts no more', async () => {
    const log: string[] = [];
    const task = async (name: string, stopped: AbortSignal): Promise<string> => {
      log.push(`start ${name}`);
      const aborted = new Promise((resolve) => stopped.addEventListener('abort', resolve));
      await turn();
      if (name === 'bad') throw new Error('broken');
      await aborted;
      log.push(`end ${name}`);
      return name;
    };
    await expect(collect(mapInOrder(['bad', 'b', 'c'], { width: 2, signal }, task))).rejects.toThrow('broken');
    expect(log).toEqual(['start bad', 'start b', 'end b']);
  });
});
