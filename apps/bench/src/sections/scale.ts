import { readParentPid, readPssKib } from '@berth/testkit';
import type { BerthApi, StartedContainer } from '../berth-api.ts';
import type { Section } from '../section.ts';
import { median } from '../statistics.ts';

const CONTAINERS = 1000;
/** How many clients start and remove side by side. */
const CLIENTS = 10;
const SINGLES = 9;
const LISTS = 5;

async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** A function for each of many things, by a few at a time. */
async function share(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
}

async function medianOf(count: number, run: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) taken.push(await time(run));
  return median(taken);
}

async function measureCrowd(api: BerthApi, started: StartedContainer[]) {
  const startOne = async () => started.push(await api.start(['sleep', '86400']));
  const first = await medianOf(SINGLES, startOne);
  const all = await time(() => share(CONTAINERS - SINGLES, startOne));
  const list = await medianOf(LISTS, () => api.count());
  const another = await medianOf(SINGLES, startOne);
  const keepers = started.map(({ pid }) => readPssKib(readParentPid(pid)));
  const mean = keepers.reduce((sum, kib) => sum + kib, 0) / keepers.length;
  return [
    { name: 'the first starts, each', amount: `${first.toFixed(1)} ms` },
    { name: `${CONTAINERS} started, by ${CLIENTS} clients`, amount: `${(all / 1000).toFixed(1)} s` },
    { name: 'one more', amount: `${another.toFixed(1)} ms` },
    { name: 'list of all', amount: `${list.toFixed(1)} ms` },
    { name: 'memory of a keeper, proportional', amount: `${mean.toFixed(0)} KiB` },
  ];
}

/** A thousand containers that sleep. */
export const measureScale: Section = async ({ api }) => {
  const started: StartedContainer[] = [];
  const removeAll = () => share(started.length, (index) => api.remove(started[index]?.id ?? ''));
  const amounts = await measureCrowd(api, started).catch(async (error: unknown) => {
    await removeAll();
    throw error;
  });
  const removed = await time(removeAll);
  const removal = { name: 'all stopped and removed', amount: `${(removed / 1000).toFixed(1)} s` };
  return { tables: [{ title: 'many containers over gRPC', amounts: [...amounts, removal] }], absentees: [] };
};
