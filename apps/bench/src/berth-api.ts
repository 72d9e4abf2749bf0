import { connectService, type EnginePaths } from '@berth/client';
import { ContainerServiceDefinition } from '@berth/proto/container';
import type { Contestant } from './contestant.ts';

/** The engine over one kept gRPC connection. */
export interface BerthApi extends Disposable {
  /** Create, start and exit of `true`; the removal is not counted. */
  readonly start: Contestant;
  /** `true` in a container that runs. */
  exec(container: string): Contestant;
  /** Starts a container that runs until it is removed. */
  startSleeper(): Promise<{ readonly id: string; readonly pid: number }>;
  remove(container: string): Promise<void>;
}

export function openBerthApi(paths: EnginePaths, image: string): BerthApi {
  const { client, close } = connectService(ContainerServiceDefinition, paths.socket('container-service'));

  async function run(command: readonly string[], detach: boolean) {
    const outcome = { id: '', pid: 0, exitCode: null as number | null };
    const value = { config: { image, command: [...command] }, detach };
    for await (const { event } of client.runContainer(only({ request: { $case: 'start' as const, value } }))) {
      if (event?.$case === 'created') outcome.id = event.value.id;
      if (event?.$case === 'started') outcome.pid = event.value.pid;
      if (event?.$case === 'exited') outcome.exitCode = event.value.exitCode;
    }
    return outcome;
  }

  async function exec(container: string): Promise<number | null> {
    let exitCode: number | null = null;
    const request = { request: { $case: 'start' as const, value: { container, command: ['true'] } } };
    for await (const { event } of client.execContainer(only(request))) {
      if (event?.$case === 'exited') exitCode = event.value.exitCode;
    }
    return exitCode;
  }

  async function remove(container: string): Promise<void> {
    await client.deleteContainer({ container, force: true });
  }

  async function measureStart(): Promise<number> {
    const start = performance.now();
    const { id, exitCode } = await run(['true'], false);
    const taken = performance.now() - start;
    await remove(id);
    return checkExit('true in a container', exitCode, taken);
  }

  async function measureExec(container: string): Promise<number> {
    const start = performance.now();
    const exitCode = await exec(container);
    return checkExit('exec of true', exitCode, performance.now() - start);
  }

  return {
    start: { name: 'berth: gRPC create + start + exit', measure: measureStart },
    exec: (container) => ({ name: 'berth: gRPC exec', measure: () => measureExec(container) }),
    startSleeper: async () => run(['sleep', '86400'], true),
    remove,
    [Symbol.dispose]: close,
  };
}

function checkExit(what: string, exitCode: number | null, taken: number): number {
  if (exitCode !== 0) throw new Error(`${what} exited with ${exitCode}`);
  return taken;
}

/** A stream of one request: nobody types into these containers. */
async function* only<Request>(request: Request): AsyncGenerator<Request> {
  yield request;
}
