import { beforeAll, describe, expect, test } from '@jest/globals';
import { aConfig, createdAndStarted, createMemoryEngine, settle, type MemoryEngine } from './adapters/memory-engine.ts';

const LIST = { all: true, filters: [], limit: 0, size: false };

let engine: MemoryEngine;

async function names(query: Partial<Parameters<MemoryEngine['views']['list']>[0]>): Promise<string[]> {
  return (await engine.views.list({ ...LIST, ...query })).map(({ container }) => container.name);
}

/** `db` was created first and never ran, `web` runs, `job` has ended with 3. */
beforeAll(async () => {
  engine = createMemoryEngine();
  await engine.creator.create({ name: 'db', config: aConfig({ labels: { tier: 'back', env: 'test' } }) });
  engine.clock.nowNs += 1_000_000_000n;
  await createdAndStarted(engine, {
    labels: { tier: 'front', env: 'test' },
    exposedPorts: ['80/tcp', '53/udp'],
    mounts: [{ type: 'bind', source: '/tmp', target: '/data', readonly: false }],
  });
  engine.clock.nowNs += 1_000_000_000n;
  const { process } = await createdAndStarted(engine, { networkMode: 'none' }, 'job');
  process().exit(3);
  await settle();
});

test('those that run, or all, newest first; a limit counts those that do not run too', async () => {
  expect(await names({ all: false })).toEqual(['web']);
  expect(await names({})).toEqual(['job', 'web', 'db']);
  expect(await names({ all: false, limit: 2 })).toEqual(['job', 'web']);
});

describe('filters', () => {
  test.each([
    ['name=we', 'web'],
    ['name=^/web$', 'web'],
    ['name=^b', ''],
    ['name=(', ''],
    ['name=db name=job', 'job db'],
    ['status=running', 'web'],
    ['status=exited status=created', 'job db'],
    ['exited=3', 'job'],
    ['exited=0', ''],
    ['label=tier', 'web db'],
    ['label=tier=front', 'web'],
    ['label=tier=front label=env=test', 'web'],
    ['label=tier=front label=env=other', ''],
    ['label=env=test name=db', 'db'],
    ['ancestor=busybox', 'job web db'],
    ['ancestor=nothing', ''],
    ['before=web', 'db'],
    ['since=db', 'job web'],
    ['volume=/data', 'web'],
    ['volume=/tmp', 'web'],
    ['network=none', 'job'],
    ['expose=80', 'web'],
    ['expose=50-60/udp', 'web'],
    ['expose=53', ''],
    ['publish=80', ''],
    ['health=none', 'job web db'],
    ['health=healthy', ''],
    ['is-task=true', ''],
  ])('%s', async (text, expected) => {
    const filters = text.split(' ').map((filter) => {
      const equals = filter.indexOf('=');
      return { key: filter.slice(0, equals), value: filter.slice(equals + 1) };
    });
    expect((await names({ filters })).join(' ')).toBe(expected);
  });

  test('by id, from its beginning or within', async () => {
    const [{ container } = { container: { id: '' } }] = await engine.views.list(LIST);
    expect(await names({ filters: [{ key: 'id', value: container.id.slice(0, 12) }] })).toEqual(['job']);
  });

  test.each([
    ['foo', 'x', "invalid filter 'foo'"],
    ['status', 'x', 'invalid value for state (x): must be one of created, running, paused, restarting'],
    ['health', 'x', 'invalid value for health (x): must be one of none, starting, healthy, unhealthy'],
    ['exited', 'x', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['before', 'x', 'No such container: x'],
    ['expose', 'x', 'invalid port'],
    ['is-task', 'x', "invalid filter 'is-task=x'"],
  ])('%s=%s is refused', async (key, value, message) => {
    await expect(names({ filters: [{ key, value }] })).rejects.toThrow(message);
  });
});

test('sizes are measured when they are asked for', async () => {
  const [web] = await engine.views.list({ ...LIST, all: false, size: true });
  expect(web?.sizes).toEqual({ writable: 1000, root: 6000 });
  expect((await engine.views.get('web', { size: true })).sizes).toEqual({ writable: 1000, root: 6000 });
  expect((await engine.views.get('web', { size: false })).sizes).toBeNull();
});

test('only a single container tells what is hidden from it', async () => {
  expect((await engine.views.get('web', { size: false })).maskedPaths).toContain('/proc/kcore');
  expect((await engine.views.list(LIST)).map(({ maskedPaths }) => maskedPaths)).toEqual([[], [], []]);
});
