import { test } from '@jest/globals';
import { runChaos } from './support/chaos/run-chaos.ts';
import { useEngine } from './support/use-engine.ts';

const rounds = Number(process.env.BERTH_CHAOS_ROUNDS ?? 30);
const seed = Number(process.env.BERTH_CHAOS_SEED ?? 1);
const ROUND_LIMIT_MS = 30_000;

const cli = useEngine();

test(
  `every container is as it was told after ${rounds} rounds of kills (seed ${seed})`,
  () => runChaos({ engine: cli.engine, rounds, seed }),
  rounds * ROUND_LIMIT_MS,
);
