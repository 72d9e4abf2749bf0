import { setTimeout as delay } from 'node:timers/promises';
import { engineStatus } from '@berth/launcher';
import { readParentPid, readPssKib } from '@berth/testkit';
import type { Section } from '../section.ts';
import { startSleeper } from '../sleeper.ts';

const SETTLE_MS = 2000;

/** What a container that runs costs, and what the engine costs when nothing happens. */
export const measureMemory: Section = async ({ api, engine: { paths, env } }) => {
  await using sleeper = await startSleeper(api);
  await delay(SETTLE_MS);
  const keeper = { name: 'keeper of one container', kib: readPssKib(readParentPid(sleeper.pid)) };
  const processes = (await engineStatus(paths, env)).flatMap(({ name, pid }) =>
    pid === null ? [] : [{ name, kib: readPssKib(pid) }],
  );
  const total = processes.reduce((sum, { kib }) => sum + kib, 0);
  const entries = [keeper, ...processes, { name: 'all processes of the engine', kib: total }];
  const amounts = entries.map(({ name, kib }) => ({ name, amount: `${kib} KiB` }));
  return { tables: [{ title: 'memory, proportional set size', amounts }], absentees: [] };
};
