import { test } from '@jest/globals';
import { runNetworkChaos } from './support/network-chaos/run-network-chaos.ts';
import { useEngine } from './support/use-engine.ts';

const rounds = Number(process.env.BERTH_CHAOS_ROUNDS ?? 6);
const seed = Number(process.env.BERTH_CHAOS_SEED ?? 1);
const ROUND_LIMIT_MS = 30_000;

const cli = useEngine();

test(
  `networks, and who is on them, are as they were told after ${rounds} rounds of kills (seed ${seed})`,
  () => runNetworkChaos({ engine: cli.engine, rounds, seed }),
  rounds * ROUND_LIMIT_MS,
);
