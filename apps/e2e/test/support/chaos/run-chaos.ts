import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectService, engineNames } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { ContainerServiceDefinition } from '@berth/proto/container';
import { waitFor, type TestEngine } from '@berth/testkit';
import { findLeftovers } from '../find-leftovers.ts';
import { act, type ContainerClient } from './actions.ts';
import { chooseVictims, killComponents, killKeeper, restart } from './disaster.ts';
import { examinePorts } from './examine-ports.ts';
import { examine } from './examine.ts';
import type { Member } from './member.ts';
import { createRandom, type Random } from './random.ts';
import { examineStories, readStories } from './stories.ts';
import { watchLogs } from './watch-logs.ts';
import { withClient } from './with-client.ts';

const ACTIONS_AT_ONCE = 6;
/** A crash comes within this time of the first action. */
const LONGEST_PEACE_MS = 150;
/** After so many rounds everything is removed, and looked for. */
const ROUNDS_TO_REMOVAL = 10;

export interface ChaosOptions {
  readonly engine: TestEngine;
  readonly rounds: number;
  readonly seed: number;
}

/** Works with an engine, kills parts of it in the midst, starts them and compares. Throws what is wrong, with the round. */
export async function runChaos({ engine, rounds, seed }: ChaosOptions): Promise<void> {
  const random = createRandom(seed);
  const mistakes = watchLogs(engine);
  for (let done = 0; done < rounds; done += ROUNDS_TO_REMOVAL) {
    const era = { engine, random, mistakes, members: [] as Member[], trace: [] as string[] };
    const problems = await runEra(era, Math.min(ROUNDS_TO_REMOVAL, rounds - done));
    if (problems.length === 0) continue;
    throw new Error(`seed ${seed}, after round ${done + era.trace.length}:\n${[...problems, ...era.trace].join('\n')}`);
  }
}

interface Era {
  readonly engine: TestEngine;
  readonly random: Random;
  readonly members: Member[];
  /** What services have logged since the last call that none should, whatever is killed. */
  mistakes(): string[];
  /** What was killed, a line for each round. */
  readonly trace: string[];
}

async function runEra(era: Era, rounds: number): Promise<string[]> {
  const since = new Date();
  for (let round = 0; round < rounds; round++) {
    const problems = await runRound(era);
    if (problems.length > 0) return problems;
  }
  const { engine, members } = era;
  await engine.start();
  await withClient(engine, (client) => removeAll(client));
  await waitFor(() => leftovers(engine).length === 0, { what: 'the clean-up' }).catch(() => undefined);
  const ids = members.flatMap(({ id }) => id ?? []);
  return [...leftovers(engine), ...examineStories(await readStories(engine, since, ids), ids)];
}

async function runRound({ engine, random, members, mistakes, trace }: Era): Promise<string[]> {
  const problems: string[] = [];
  const victims = chooseVictims(random);
  const peaceMs = random.below(LONGEST_PEACE_MS);
  const socket = engine.paths.socket('container-service');
  using connection = connectService(ContainerServiceDefinition, socket);
  const { client } = connection;
  const complain = (problem: string) => void problems.push(problem);
  const actions = Array.from({ length: ACTIONS_AT_ONCE }, () => act({ client, random, members, complain }));
  await sleep(peaceMs);
  if (random.chance(0.2)) await killSomeKeeper(client, members, random);
  const signal = random.chance(0.2) ? 'SIGTERM' : 'SIGKILL';
  await killComponents(engine, victims, signal);
  const fault = await restart(engine, random);
  trace.push(`after ${peaceMs} ms sent ${signal} to ${victims.join(', ')}; started with the fault ${fault ?? 'none'}`);
  connection.close();
  await Promise.all(actions);
  await withClient(engine, async (fresh) => {
    problems.push(...(await examine(fresh, members)), ...(await examinePorts(fresh, engine)));
  });
  problems.push(...mistakes());
  return problems;
}

async function killSomeKeeper(client: ContainerClient, members: readonly Member[], random: Random): Promise<void> {
  const candidates = members.filter(({ id, removalAsked }) => id !== null && !removalAsked);
  if (candidates.length === 0) return;
  const member = random.pick(candidates);
  const answer = await client.getContainer({ container: member.name }).catch(() => null);
  const pid = answer?.container?.pid ?? 0;
  if (pid === 0) return;
  member.disturbed = true;
  killKeeper(pid);
}

async function removeAll(client: ContainerClient): Promise<void> {
  const { containers } = await client.listContainers({ all: true });
  for (const { id } of containers) {
    await client.deleteContainer({ container: id, force: true, volumes: true }).catch((error: unknown) => {
      if (!isBerthError(error, 'CONTAINER_NOT_FOUND')) throw error;
    });
  }
}

/** Files, links, groups and mounts of containers, and processes that are still in the groups of this engine. */
function leftovers(engine: TestEngine): string[] {
  const group = basename(engineNames(engine.root).cgroupDir);
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && readGroups(pid).includes(`/${group}/`));
  return [...findLeftovers(engine), ...processes.map((pid) => `process ${pid}`)].map((what) => `left: ${what}`);
}

function readGroups(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}
