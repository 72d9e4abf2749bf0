import { statSync, writeFileSync } from 'node:fs';
import { connectNats, readNatsEndpoint, type EnginePaths } from '@berth/client';
import { startTestEngine, waitFor } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { engineStatus, startEngine, stopEngine } from '../src/index.ts';

const only = ['nats', 'native', 'volume-service'] as const;

async function pidsOf(engine: { paths: EnginePaths; env: NodeJS.ProcessEnv }) {
  const status = await engineStatus(engine.paths, engine.env);
  return Object.fromEntries(status.filter(({ pid }) => pid !== null).map(({ name, pid }) => [name, pid]));
}

test('a second start leaves what runs alone, and starts what died', async () => {
  await using engine = await startTestEngine({ only });
  const first = await pidsOf(engine);
  expect(Object.keys(first)).toEqual(only);
  await engine.start();
  expect(await pidsOf(engine)).toEqual(first);

  const victim = first['volume-service'];
  if (typeof victim !== 'number') throw new Error('volume-service does not run');
  process.kill(victim, 'SIGKILL');
  await engine.start();
  const second = await pidsOf(engine);
  expect(second).toEqual({ ...first, 'volume-service': expect.any(Number) });
  expect(second['volume-service']).not.toBe(victim);
});

test('two starts at the same time make one engine', async () => {
  await using engine = await startTestEngine({ only: ['nats'] });
  const { paths, env } = engine;
  await Promise.all([startEngine({ paths, env, only }), startEngine({ paths, env, only }), engine.start()]);
  expect(Object.keys(await pidsOf(engine))).toEqual(only);
});

test('a restart on request brings new processes', async () => {
  await using engine = await startTestEngine({ only });
  const { paths, env } = engine;
  const first = await pidsOf(engine);
  await startEngine({ paths, env, only, restart: true });
  const second = await pidsOf(engine);
  for (const name of only) expect(second[name]).not.toBe(first[name]);
});

test('NATS comes back where it was, with its streams; a stranger without the token is refused', async () => {
  await using engine = await startTestEngine({ only: ['nats'] });
  const { paths, env } = engine;
  const endpoint = readNatsEndpoint(paths.natsFile);
  expect(statSync(paths.natsFile).mode & 0o777).toBe(0o600);
  const connection = await connectNats(endpoint);
  await (await connection.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept'] });
  await connection.close();
  await stopEngine({ paths, env });
  await engine.start();
  expect(readNatsEndpoint(paths.natsFile)).toEqual(endpoint);
  const again = await connectNats(endpoint);
  expect((await (await again.jetstreamManager()).streams.info('KEPT')).config.name).toBe('KEPT');
  await again.close();
  await expect(connectNats({ ...endpoint, token: 'wrong' }, { reconnect: false })).rejects.toThrow();
});

test('a process that does not come up is told with the end of its log', async () => {
  await using engine = await startTestEngine({ only: ['nats'] });
  const { paths, env } = engine;
  await stopEngine({ paths, env });
  writeFileSync(`${engine.root}/nats-server`, '#!/bin/sh\necho "no luck today" >&2\nexit 1\n', { mode: 0o755 });
  const broken = { ...env, BERTH_NATS_BIN: `${engine.root}/nats-server` };
  const starting = startEngine({ paths, env: broken, only: ['nats'] });
  await expect(starting).rejects.toMatchObject({
    reason: 'SERVICE_UNAVAILABLE',
    message: expect.stringMatching(/nats.*\n(.*\n)*no luck today/),
  });
});

test('a stop ends all, and tells what it ended', async () => {
  await using engine = await startTestEngine({ only });
  const { paths, env } = engine;
  expect(await stopEngine({ paths, env })).toEqual([...only].reverse());
  expect(await stopEngine({ paths, env })).toEqual([]);
  await waitFor(async () => (await engineStatus(paths, env)).every(({ ready }) => !ready), { what: 'silence' });
});
