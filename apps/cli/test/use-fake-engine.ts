import { afterEach } from '@jest/globals';
import { startFakeEngine, type FakeEngine, type FakeMethods } from './fake-services.ts';
import { runCli, type CliOptions, type CliResult } from './run-cli.ts';

/** Starts fake engines, which end with the test. */
export function useFakeEngines(): (methods: FakeMethods) => Promise<FakeEngine> {
  const open: FakeEngine[] = [];
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine[Symbol.asyncDispose]();
  });
  return async (methods) => {
    const engine = await startFakeEngine(methods);
    open.push(engine);
    return engine;
  };
}

/** Runs the command line against one engine. */
export type Berth = (...argv: string[]) => Promise<CliResult>;

/** Starts such engines, each with a command line of its own. */
export function useBerth(options: Omit<CliOptions, 'root'> = {}): (methods: FakeMethods) => Promise<Berth> {
  const startEngine = useFakeEngines();
  return async (methods) => {
    const { root } = await startEngine(methods);
    return (...argv) => runCli(argv, { ...options, root });
  };
}

/** That many seconds before now, as a protobuf Timestamp. */
export function ago(seconds: number) {
  return { seconds: BigInt(Math.floor(Date.now() / 1000) - seconds), nanos: 0 };
}
