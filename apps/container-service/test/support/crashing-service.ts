import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '@berth/launcher';
import { waitFor, type TestEngine } from '@berth/testkit';
import type { FaultPoint } from '../../src/fault.ts';
import { connectContainers, type TestContainers } from './containers.ts';

/** A point, and the how manyth time that it is passed: the first when that is not said. */
export type Crash = FaultPoint | `${FaultPoint}:${number}`;

/** Starts container-service, which crashes at a point when one is given. */
export async function startService(engine: TestEngine, crash?: Crash): Promise<TestContainers> {
  const env = { ...engine.env, ...(crash && { BERTH_FAULT: /:\d+$/.test(crash) ? crash : `${crash}:1` }) };
  await startEngine({ paths: engine.paths, env, only: ['container-service'] });
  return connectContainers(engine);
}

/** Starts a service, and returns when it has crashed at a point; what its client is told of that does not matter. */
export async function crashService(
  engine: TestEngine,
  crash: Crash,
  live: (containers: TestContainers) => Promise<void>,
): Promise<void> {
  const doomed = await startService(engine, crash);
  await live(doomed).catch(() => {});
  await waitFor(() => !isServiceAlive(engine), { what: `the crash at ${crash}` });
  doomed.close();
}

function isServiceAlive(engine: TestEngine): boolean {
  const { pid } = JSON.parse(readFileSync(join(engine.paths.runDir, 'pids/container-service.json'), 'utf8')) as {
    pid: number;
  };
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
