import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectService } from '@berth/client';
import { ContainerServiceDefinition } from '@berth/proto/container';
import { findEngineProcesses, type TestEngine } from '@berth/testkit';
import { killComponents, killProcess, restart } from '../chaos/disaster.ts';
import { createRandom, type Random } from '../chaos/random.ts';
import { withClient } from '../chaos/with-client.ts';
import { act, removeAll } from './actions.ts';
import { examine } from './examine.ts';
import type { World } from './place.ts';
import { examineNetworkStories } from './stories.ts';

const ACTIONS_AT_ONCE = 6;
const LONGEST_PEACE_MS = 120;
const VICTIMS = ['container-service', 'native', 'nats'] as const;

/** Steps of container-service that have to do with networks: apps/container-service/src/fault.ts. */
const FAULT_POINTS = [
  ...['network-create:noted', 'network-create:bridge', 'network-rm:row', 'network-connect:row'],
  ...['network-connect:attached', 'network-disconnect:detached', 'network-disconnect:row', 'rename:row'],
  ...['start:row', 'start:spawned', 'start:running', 'exit:recorded', 'release:runtime', 'remove:row'],
  ...['clean:snapshot', 'clean:files'],
];

export interface NetworkChaosOptions {
  readonly engine: TestEngine;
  readonly rounds: number;
  readonly seed: number;
}

/** Works with networks, kills parts of the engine in the midst, starts them and compares. Throws what is wrong, with the round. */
export async function runNetworkChaos({ engine, rounds, seed }: NetworkChaosOptions): Promise<void> {
  const random = createRandom(seed);
  const world = aWorld(engine);
  const since = new Date();
  const trace: string[] = [];
  let problems: string[] = [];
  for (let round = 0; round < rounds && problems.length === 0; round++) {
    problems = await runRound({ engine, random, world, trace });
  }
  if (problems.length === 0) {
    await engine.start();
    await withClient(engine, async (client) => {
      await removeAll(client, world);
      problems = await examine(client, engine, world);
    });
    problems.push(...(await examineNetworkStories(engine, since)));
  }
  if (problems.length > 0)
    throw new Error(`seed ${seed}, round ${trace.length}:\n${[...problems, ...trace].join('\n')}`);
}

/** Networks whose bridges are called as no other engine's, so that each of them is found. */
function aWorld({ root }: TestEngine): World {
  const mark = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const names = ['lan-0', 'lan-1', 'lan-2', 'lan-3'];
  return {
    guests: [],
    lans: names.map((name, index) => ({
      name,
      bridge: `bl${mark}-${index}`,
      internal: index % 2 === 1,
      exists: false,
      busy: false,
    })),
  };
}

interface Round {
  readonly engine: TestEngine;
  readonly random: Random;
  readonly world: World;
  readonly trace: string[];
}

async function runRound({ engine, random, world, trace }: Round): Promise<string[]> {
  const problems: string[] = [];
  using connection = connectService(ContainerServiceDefinition, engine.paths.socket('container-service'));
  const { client } = connection;
  const complain = (problem: string) => void problems.push(problem);
  const victims = VICTIMS.filter((name) => random.chance(name === 'container-service' ? 0.8 : 0.3));
  const peaceMs = random.below(LONGEST_PEACE_MS);
  const workers = Array.from({ length: ACTIONS_AT_ONCE }, async () => {
    for (let done = 0; done < 3; done++) await act({ client, random, world, complain });
  });
  await sleep(peaceMs);
  const resolvers = random.chance(0.3) ? killResolver(engine) : 0;
  await killComponents(engine, victims);
  const fault = await restart(engine, random, FAULT_POINTS);
  trace.push(
    `after ${peaceMs} ms killed ${victims.join(', ')} and ${resolvers} resolvers; started with the fault ${fault ?? 'none'}`,
  );
  await Promise.all(workers);
  connection.close();
  problems.push(...(await withClient(engine, (fresh) => examine(fresh, engine, world))));
  return problems;
}

/** Returns how many there were. */
function killResolver({ root }: TestEngine): number {
  return findEngineProcesses(root).filter(
    ({ pid, commandLine }) => commandLine.includes('/resolver-main.') && killProcess(pid),
  ).length;
}
