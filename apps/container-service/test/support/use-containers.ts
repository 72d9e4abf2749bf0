import { startTestEngine, type TestEngine } from '@berth/testkit';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { connectContainers, type TestContainers } from './containers.ts';

/** What a file of tests works with. */
export interface Started {
  readonly engine: TestEngine;
  readonly containers: TestContainers;
}

/** Starts an engine for the tests of a file, and hands it over before the first of them. After each, its containers are removed. */
export function useContainers(onStarted: (started: Started) => void): void {
  let engine: TestEngine;
  let containers: TestContainers;
  beforeAll(async () => {
    engine = await startTestEngine();
    containers = connectContainers(engine);
    onStarted({ engine, containers });
  });
  afterEach(() => containers.removeAll());
  afterAll(async () => {
    containers.close();
    await engine.stop();
  });
}
