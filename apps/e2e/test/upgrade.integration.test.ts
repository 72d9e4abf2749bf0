import { connectService } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { startEngine } from '@berth/launcher';
import {
  ContainerConfig,
  ContainerServiceDefinition,
  ListContainersRequest,
  ExecContainerStart,
  type ExecContainerRequest,
  type RunContainerRequest,
} from '@berth/proto/container';
import { waitFor } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { isAlive, killComponents } from './support/chaos/disaster.ts';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const CONTAINERS = 100;
const EXECS = 10;
const LIMIT_MS = 120_000;

const cli = useEngine();

function connect() {
  return connectService(ContainerServiceDefinition, cli.engine.paths.socket('container-service'));
}

/** Replaces the services by new processes, as an upgrade does. */
const WAYS = {
  'stopped and started': () => startEngine({ paths: cli.engine.paths, env: cli.engine.env, restart: true }),
  'killed and started': async () => {
    const services = ['container-service', 'image-service', 'volume-service', 'registry-gateway'] as const;
    await killComponents(cli.engine, [...services, 'native']);
    await cli.engine.start();
  },
};

test(
  `${CONTAINERS} containers and the execs in them go on while every process of the engine is replaced`,
  async () => {
    using before = connect();
    for (let n = 0; n < CONTAINERS; n++) await startContainer(before.client, `many-${n}`);
    const execs = await Promise.all(Array.from({ length: EXECS }, (_, n) => openExec(before.client, `many-${n}`)));
    const pids = await runningPids();
    expect(pids.size).toBe(CONTAINERS);

    for (const replace of Object.values(WAYS)) {
      await replace();
      expect(await runningPids()).toEqual(pids);
      expect(execs.filter(({ pid }) => !isAlive(pid))).toEqual([]);
    }
    // The clients were told that the service went, not that their process ended.
    for (const { over } of execs) expect(isBerthError(await over, 'SERVICE_UNAVAILABLE')).toBe(true);

    using after = connect();
    for (const { pid } of execs) process.kill(pid, 'SIGTERM');
    await waitFor(async () => (await endedExecs()).length >= EXECS, {
      what: 'the ends of the execs',
      timeoutMs: 20_000,
    });
    expect((await endedExecs()).filter((line) => line.includes('exitCode=143'))).toHaveLength(EXECS);
    await after.client.killContainer({ container: 'many-0', signal: 'TERM' });
    const { exit } = await after.client.waitContainer({ container: 'many-0' });
    expect(exit?.exitCode).toBe(17);
    const ticks = (await cli.ok('logs', 'many-0')).split('\n');
    expect(ticks).toEqual(ticks.map((_, index) => `tick ${index + 1}`));
    const names = Array.from({ length: CONTAINERS }, (_, n) => `many-${n}`);
    await Promise.all(
      names.map((container) => after.client.deleteContainer({ container, force: true, volumes: true })),
    );
    await expectNothingLeft(cli.engine);
  },
  LIMIT_MS,
);

type Client = ReturnType<typeof connect>['client'];

async function startContainer(client: Client, name: string): Promise<void> {
  const command = ['sh', '-c', "trap 'exit 17' TERM; i=0; while :; do echo tick $((i+=1)); sleep 1; done"];
  const config = ContainerConfig.fromPartial({ image: 'busybox', command });
  const start = { name, config, terminalSize: undefined, detach: true };
  const events = client.runContainer(once<RunContainerRequest>({ request: { $case: 'start', value: start } }));
  for await (const _ of events);
}

/** Opens an exec, and returns its process with what ends the client's stream. */
async function openExec(client: Client, container: string) {
  const start = ExecContainerStart.fromPartial({ container, command: ['sleep', '1000'] });
  const events = client.execContainer(once<ExecContainerRequest>({ request: { $case: 'start', value: start } }));
  const iterator = events[Symbol.asyncIterator]();
  const { value } = (await iterator.next()) as IteratorYieldResult<Awaited<ReturnType<typeof iterator.next>>['value']>;
  const pid = value?.event?.$case === 'started' ? value.event.value.pid : 0;
  const over = iterator.next().then(
    () => null,
    (error: unknown) => error,
  );
  return { pid, over };
}

/** What was told of execs that have ended. */
async function endedExecs(): Promise<string[]> {
  const output = await cli.ok('events', '--since', '1h', '--until', '0s', '--filter', 'event=exec_die');
  return output.split('\n').filter((line) => line !== '');
}

async function runningPids(): Promise<Map<string, number>> {
  using connection = connect();
  const everyOneThatRuns = ListContainersRequest.fromPartial({ all: false });
  const { containers } = await connection.client.listContainers(everyOneThatRuns);
  return new Map(containers.map(({ id, pid }) => [id, pid] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}
