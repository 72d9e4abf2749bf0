import { afterAll, beforeAll } from '@jest/globals';
import {
  startDockerRegistry,
  startTestEngine,
  type ProgramResult,
  type TestEngine,
  type TestRegistry,
} from '@berth/testkit';

/** The engine of a test file. */
export interface EngineUnderTest {
  readonly engine: TestEngine;
  /** Runs `berth`, which must end with 0, and returns what it printed, without the last newline. */
  ok(...args: string[]): Promise<string>;
  /** Runs `berth`, whatever it ends with. */
  berth(...args: string[]): Promise<ProgramResult>;
}

/** Starts an engine before the tests of a file, and removes it after them. */
export function useEngine(): EngineUnderTest {
  let engine: TestEngine | undefined;
  beforeAll(async () => {
    engine = await startTestEngine();
  });
  afterAll(async () => {
    await engine?.stop();
  });
  const current = () => {
    if (engine === undefined) throw new Error('the engine did not start');
    return engine;
  };
  const berth = (...args: string[]) => current().berth(args);
  return {
    get engine() {
      return current();
    },
    berth,
    async ok(...args) {
      const { code, stdout, stderr } = await berth(...args);
      if (code !== 0) throw new Error(`berth ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout.replace(/\n$/, '');
    },
  };
}

/** Starts Debian's docker-registry before the tests of a file, and stops it after them. */
export function useRegistry(): { readonly host: string } {
  let registry: TestRegistry | undefined;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(async () => {
    await registry?.close();
  });
  return {
    get host() {
      if (registry === undefined) throw new Error('the registry did not start');
      return registry.host;
    },
  };
}
