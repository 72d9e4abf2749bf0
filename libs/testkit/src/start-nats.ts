import { resolvePaths, type EnginePaths } from '@berth/client';
import { startEngine, stopEngine } from '@berth/launcher';

/** A NATS server of a test's own; `nats.json` in its paths tells how to reach it. */
export interface TestNats extends AsyncDisposable {
  readonly paths: EnginePaths;
  /** Starts it again after a stop, on the same port when that is free. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a NATS server with JetStream for the engine below `root`. */
export async function startNats(root: string): Promise<TestNats> {
  const env = { PATH: process.env.PATH, BERTH_ROOT: root };
  const paths = resolvePaths(env);
  const start = () => startEngine({ paths, env, only: ['nats'] });
  const stop = async () => void (await stopEngine({ paths, env, only: ['nats'] }));
  await start();
  return { paths, start, stop, [Symbol.asyncDispose]: stop };
}
