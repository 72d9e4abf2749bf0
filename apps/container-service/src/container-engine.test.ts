import { BerthError } from '@berth/errors';
import { describe, expect, test } from '@jest/globals';
import { aConfig, createdAndStarted, createMemoryEngine, DETACHED, settle } from './adapters/memory-engine.ts';
import { EMPTY_IMAGE } from './adapters/memory-clients.ts';
import type { ProcessInput } from './process-session.ts';
import type { ProcessEvent } from './run-container.ts';

async function* noInput(): AsyncGenerator<ProcessInput> {}

function aClient(fields: { inputs?: AsyncIterable<ProcessInput>; signal?: AbortSignal } = {}) {
  return { inputs: noInput(), signal: new AbortController().signal, terminalSize: null, ...fields };
}

const aRequest = {
  container: 'web',
  command: ['ls', '-l'],
  environment: [],
  workingDirectory: '',
  user: '',
  terminal: false,
  openStdin: false,
  detach: false,
  privileged: false,
};

function eventsOf(run: AsyncIterable<ProcessEvent>): { list: ProcessEvent[]; done: Promise<void> } {
  const list: ProcessEvent[] = [];
  const collect = async (): Promise<void> => {
    for await (const event of run) list.push(event);
  };
  return { list, done: collect() };
}

function textOf(event: ProcessEvent): string {
  return event.kind === 'output' && event.chunk.stream !== 'lost' ? event.chunk.data.toString() : event.kind;
}

describe('create', () => {
  test('makes a container with a snapshot, and tells', async () => {
    const engine = createMemoryEngine();
    const { container } = await engine.creator.create({ name: '/web', config: aConfig({ labels: { a: '1' } }) });
    expect(container).toMatchObject({ name: 'web', arguments: ['sh'], imageId: 'sha256:busybox', labels: { a: '1' } });
    expect([...engine.images.snapshots]).toEqual([container.id]);
    expect(engine.stores.events).toEqual([
      {
        noun: 'container',
        verb: 'create',
        objectId: container.id,
        attributes: { a: '1', image: 'busybox', name: 'web' },
      },
    ]);
  });

  test('leaves no volume behind when one of several is refused before another is there', async () => {
    const engine = createMemoryEngine();
    const { acquire } = engine.volumes;
    engine.volumes.acquire = async (name, ...rest) => {
      if (name === 'refused') throw new BerthError('VOLUME_NAME_INVALID', 'refused');
      await new Promise((resolve) => setTimeout(resolve, 20));
      return acquire(name, ...rest);
    };
    const mounts = ['refused', 'slow'].map((source) => ({
      type: 'volume' as const,
      source,
      target: `/${source}`,
      readonly: false,
    }));
    await expect(engine.creator.create({ name: '', config: aConfig({ mounts }) })).rejects.toThrow('refused');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine.volumes.uses.size).toBe(0);
  });

  test('leaves nothing behind when the config is refused after the image is known', async () => {
    const engine = createMemoryEngine();
    engine.images.images.set('empty', { ...EMPTY_IMAGE, cmd: [], volumes: ['/data'] });
    await expect(engine.creator.create({ name: '', config: aConfig({ image: 'empty' }) })).rejects.toThrow(
      'no command specified',
    );
    expect([engine.images.snapshots.size, engine.volumes.uses.size, engine.stores.containers.list()]).toEqual([
      0,
      0,
      [],
    ]);
  });

  test('refuses a missing image, and a name in use', async () => {
    const engine = createMemoryEngine();
    await expect(engine.creator.create({ name: '', config: aConfig({ image: 'nope' }) })).rejects.toMatchObject({
      reason: 'IMAGE_NOT_FOUND',
    });
    await engine.creator.create({ name: 'web', config: aConfig() });
    await expect(engine.creator.create({ name: 'web', config: aConfig() })).rejects.toMatchObject({
      reason: 'CONTAINER_NAME_IN_USE',
    });
  });

  test('gives a name to one of two that ask for it at once', async () => {
    const engine = createMemoryEngine();
    const both = await Promise.allSettled([1, 2].map(() => engine.creator.create({ name: 'web', config: aConfig() })));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(engine.images.snapshots.size).toBe(1);
  });

  test('acquires the volumes of the user and of the image', async () => {
    const engine = createMemoryEngine();
    engine.images.images.set('db', { ...EMPTY_IMAGE, volumes: ['/data', '/cache'] });
    const mounts = [{ type: 'volume' as const, source: 'named', target: '/data', readonly: true }];
    const { container } = await engine.creator.create({ name: '', config: aConfig({ image: 'db', mounts }) });
    expect(container.mounts.map(({ name, target }) => [name, target])).toEqual([
      ['named', '/data'],
      ['anonymous-1', '/cache'],
    ]);
  });
});

describe('start', () => {
  test('runs the container on the network, and tells', async () => {
    const engine = createMemoryEngine();
    const { id, state } = await createdAndStarted(engine);
    expect(state()).toMatchObject({
      status: 'running',
      pid: 100,
      endpoint: { address: '172.17.0.2' },
      bootId: 'boot-1',
    });
    expect(engine.runtime.calls).toEqual(['ensure berth0 172.17.0.1/16']);
    expect(engine.files.names.get(id)?.hosts).toContain(`172.17.0.2\t${id.slice(0, 12)}\n`);
    expect(engine.verbs()).toEqual(['create', 'network connect', 'start']);
  });

  test('does nothing to one that runs, and starts one that has ended again', async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine);
    await engine.control.start(id, DETACHED);
    process().exit(3);
    await settle();
    expect(state()).toMatchObject({ status: 'exited', exitCode: 3, pid: 0, endpoint: null });
    await engine.control.start('web', DETACHED);
    expect(state()).toMatchObject({ status: 'running', exitCode: 0 });
  });

  test('resolves the user in the container’s own files', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine, { user: 'ann' });
    expect(process().plan.process.identity).toEqual({
      userId: 1000,
      groupId: 1000,
      groupIds: [1000, 50],
      home: '/home/ann',
    });
  });

  test.each<[BerthError, number]>([
    [new BerthError('COMMAND_NOT_FOUND', 'not found'), 127],
    [new BerthError('COMMAND_NOT_EXECUTABLE', 'denied'), 126],
    [new BerthError('START_FAILED', 'mount'), 128],
    [new BerthError('SERVICE_UNAVAILABLE', 'the helper is down'), 128],
  ])('that fails with %s leaves the container created, with exit code %d and no address', async (failure, exitCode) => {
    const engine = createMemoryEngine();
    const { container } = await engine.creator.create({ name: 'web', config: aConfig() });
    engine.runtime.failure = failure;
    await expect(engine.control.start('web', DETACHED)).rejects.toBe(failure);
    const state = engine.stores.containers.get(container.id)?.state;
    expect(state).toMatchObject({ status: 'created', exitCode, error: failure.message, endpoint: null });
    expect(engine.files.runtimes.size).toBe(0);
    engine.runtime.failure = null;
    await engine.control.start('web', DETACHED);
    expect(engine.stores.containers.get(container.id)?.state.endpoint?.address).toBe('172.17.0.2');
  });

  test('that fails removes a container that removes itself', async () => {
    const engine = createMemoryEngine();
    engine.runtime.failure = new BerthError('COMMAND_NOT_FOUND', 'not found');
    const run = engine.runner.run({ name: '', config: aConfig({ autoRemove: true }) }, { ...aClient(), detach: false });
    await expect(eventsOf(run).done).rejects.toThrow('not found');
    await settle();
    expect([engine.stores.containers.list(), engine.stores.containers.listLeftovers()]).toEqual([[], []]);
    expect(engine.images.snapshots.size).toBe(0);
    expect(engine.verbs()).toEqual(['create', 'attach', 'destroy']);
  });

  test('with a bad user is refused in the words of Docker', async () => {
    const engine = createMemoryEngine();
    await engine.creator.create({ name: 'web', config: aConfig({ user: 'eve' }) });
    await expect(engine.control.start('web', DETACHED)).rejects.toThrow(
      'unable to find user eve: no matching entries in passwd file',
    );
  });

  test('gives no two running containers one address', async () => {
    const engine = createMemoryEngine();
    const all = await Promise.all(['a1', 'a2', 'a3'].map((name) => createdAndStarted(engine, {}, name)));
    expect(new Set(all.map(({ state }) => state()?.endpoint?.address)).size).toBe(3);
  });

  test.each(['host', 'none'] as const)('with network %s takes no address', async (networkMode) => {
    const engine = createMemoryEngine();
    const { state, process } = await createdAndStarted(engine, { networkMode });
    expect([state()?.endpoint, process().plan]).toMatchObject([null, { network: null }]);
    expect(engine.verbs()).toEqual(['create', 'network connect', 'start']);
  });
});

describe('run', () => {
  test('tells of every step and passes all output on', async () => {
    const engine = createMemoryEngine();
    const run = eventsOf(engine.runner.run({ name: 'web', config: aConfig() }, { ...aClient(), detach: false }));
    await settle();
    const [container] = engine.stores.containers.list();
    const process = engine.runtime.process(`/run/${container?.id}`);
    process.print('out');
    process.print('err', 'stderr');
    engine.clock.nowNs += 2_500_000_000n;
    process.exit(7);
    await run.done;
    expect(run.list).toMatchObject([
      { kind: 'created', id: container?.id },
      { kind: 'started', pid: 100 },
      { kind: 'output', chunk: { stream: 'stdout', data: Buffer.from('out') } },
      { kind: 'output', chunk: { stream: 'stderr', data: Buffer.from('err') } },
      { kind: 'exited', exit: { exitCode: 7 } },
    ]);
    expect(engine.verbs()).toEqual(['create', 'attach', 'network connect', 'start', 'die', 'network disconnect']);
    expect(engine.stores.events.find(({ verb }) => verb === 'die')?.attributes).toMatchObject({
      exitCode: '7',
      execDuration: '2',
    });
  });

  test('with auto_remove ends with nothing left', async () => {
    const engine = createMemoryEngine();
    const config = aConfig({
      autoRemove: true,
      mounts: [{ type: 'volume', source: '', target: '/v', readonly: false }],
    });
    const run = eventsOf(engine.runner.run({ name: '', config }, { ...aClient(), detach: false }));
    await settle();
    const [container] = engine.stores.containers.list();
    engine.runtime.process(`/run/${container?.id}`).exit(0);
    await run.done;
    await settle();
    const { containers } = engine.stores;
    expect([containers.list(), containers.listLeftovers(), engine.files.list()]).toEqual([[], [], []]);
    expect([engine.images.snapshots.size, engine.volumes.uses.size]).toEqual([0, 0]);
    expect(engine.verbs().slice(-4)).toEqual(['die', 'network disconnect', 'volume unmount', 'destroy']);
  });

  test('detached ends once the container runs, which goes on', async () => {
    const engine = createMemoryEngine();
    const run = eventsOf(engine.runner.run({ name: 'web', config: aConfig() }, { ...aClient(), detach: true }));
    await run.done;
    expect(run.list.map(({ kind }) => kind)).toEqual(['created', 'started']);
    expect(engine.stores.containers.list()[0]?.state.status).toBe('running');
    expect(engine.verbs()).not.toContain('attach');
  });

  test('leaves the container alone when the client goes, and still hears of its end', async () => {
    const engine = createMemoryEngine();
    const gone = new AbortController();
    const client = { ...aClient({ signal: gone.signal }), detach: false };
    const run = eventsOf(engine.runner.run({ name: 'web', config: aConfig() }, client));
    await settle();
    gone.abort();
    await run.done;
    const { id } = engine.stores.containers.list()[0] ?? { id: '' };
    engine.runtime.process(`/run/${id}`).exit(4);
    await expect(engine.control.wait('web', 'not-running', AbortSignal.abort())).resolves.toMatchObject({
      exitCode: 4,
    });
  });

  test('holds no process up when the client goes before it is attached', async () => {
    const engine = createMemoryEngine();
    const aRun = (name: string) => engine.runner.run({ name, config: aConfig() }, { ...aClient(), detach: false });
    const [one, two] = [aRun('one'), aRun('two')];
    await one.next();
    await two.next();
    await two.next();
    await Promise.all([one.return(), two.return()]);
    await settle();
    for (const { id } of engine.stores.containers.list()) {
      expect(engine.runtime.process(`/run/${id}`).readers()).toBe(0);
      engine.runtime.process(`/run/${id}`).exit(0);
    }
    await expect(engine.control.wait('one', 'not-running', AbortSignal.abort())).resolves.toMatchObject({
      exitCode: 0,
    });
    await expect(engine.control.wait('two', 'not-running', AbortSignal.abort())).resolves.toMatchObject({
      exitCode: 0,
    });
  });

  test('carries input, sizes and signals to the process', async () => {
    const engine = createMemoryEngine();
    async function* inputs(): AsyncGenerator<ProcessInput> {
      yield { kind: 'stdin', data: Buffer.from('hello') };
      yield { kind: 'resize', size: { rows: 5, columns: 6 } };
      yield { kind: 'signal', signal: 2 };
      yield { kind: 'stdin-end' };
    }
    const run = eventsOf(
      engine.runner.run({ name: 'web', config: aConfig() }, { ...aClient({ inputs: inputs() }), detach: false }),
    );
    await settle();
    const process = engine.runtime.process(`/run/${engine.stores.containers.list()[0]?.id}`);
    expect([process.input, process.signals]).toEqual([['hello', '<5x6>', '<end>'], [2]]);
    expect(engine.verbs()).toContain('kill');
    process.exit(0);
    await run.done;
  });
});

describe('attach', () => {
  test('gives the output from now on, and the end', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine);
    process().print('before');
    const attached = eventsOf(engine.runner.attach('web', { ...aClient(), start: false }));
    await settle();
    process().print('after');
    process().exit(1);
    await attached.done;
    expect(attached.list.map(textOf)).toEqual(['started', 'after', 'exited']);
  });

  test('tells who loses the keeper with the process that it ended', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine);
    const attached = eventsOf(engine.runner.attach('web', { ...aClient(), start: false }));
    await settle();
    process().loseKeeper({ processLives: false });
    await attached.done;
    expect(attached.list.at(-1)).toMatchObject({ kind: 'exited', exit: { exitCode: 137 } });
  });

  test('refuses one that has just ended, before its end is recorded', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    const attaching = engine.runner.attach('web', { ...aClient(), start: false }).next();
    process().exit(0);
    await expect(attaching).rejects.toThrow(`container ${id} is not running`);
  });

  test('refuses one that does not run, or starts it when asked to', async () => {
    const engine = createMemoryEngine();
    const { container } = await engine.creator.create({ name: 'web', config: aConfig() });
    await expect(engine.runner.attach('web', { ...aClient(), start: false }).next()).rejects.toThrow(
      `container ${container.id} is not running`,
    );
    const attached = eventsOf(engine.runner.attach('web', { ...aClient(), start: true }));
    await settle();
    engine.runtime.process(`/run/${container.id}`).print('first');
    engine.runtime.process(`/run/${container.id}`).exit(0);
    await attached.done;
    expect(attached.list.map(({ kind }) => kind)).toEqual(['started', 'output', 'exited']);
  });
});

describe('an end for lack of memory', () => {
  test('is told before it, of a container and of an exec', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    const exec = eventsOf(engine.execs.exec({ ...aRequest, container: id }, aClient()));
    await settle();
    const [record] = engine.stores.execs.list();
    engine.runtime.process(`/run/${id}/x/${record?.id}`).exit(137, { oomKilled: true });
    await exec.done;
    expect(engine.verbs().slice(-2)).toEqual(['oom', 'exec_die']);
    process().exit(137, { oomKilled: true });
    await settle();
    expect(engine.verbs().slice(-3)).toEqual(['oom', 'die', 'network disconnect']);
  });
});

describe('attach and exec', () => {
  test('hold no process up when the client goes before it is attached', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    const attached = engine.runner.attach('web', { ...aClient(), start: false });
    await attached.next();
    expect(process().readers()).toBe(2);
    await attached.return();
    expect(process().readers()).toBe(1);
    const run = engine.execs.exec(aRequest, aClient());
    await run.next();
    const [exec] = engine.stores.execs.list();
    await run.return();
    await settle();
    expect(engine.runtime.process(engine.files.execDir(id, exec?.id ?? '')).readers()).toBe(0);
  });
});

describe('exec', () => {
  test('runs beside the first process, and tells', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine);
    const exec = eventsOf(engine.execs.exec(aRequest, aClient()));
    await settle();
    const [record] = engine.stores.execs.list();
    const process = engine.runtime.process(`/run/${id}/x/${record?.id}`);
    process.print('files');
    process.exit(2);
    await exec.done;
    expect(exec.list.map(({ kind }) => kind)).toEqual(['started', 'output', 'exited']);
    expect(engine.stores.execs.list()).toEqual([]);
    expect(engine.verbs().slice(-3)).toEqual(['exec_create', 'exec_start', 'exec_die']);
    expect(engine.stores.events.at(-1)?.attributes).toMatchObject({ execID: record?.id, exitCode: '2' });
  });

  test('refuses a container that does not run, and an empty command', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    await expect(engine.execs.exec({ ...aRequest, command: [] }, aClient()).next()).rejects.toThrow(
      'No exec command specified',
    );
    process().exit(0);
    await settle();
    await expect(engine.execs.exec(aRequest, aClient()).next()).rejects.toThrow(`container ${id} is not running`);
  });

  test('that fails leaves no trace', async () => {
    const engine = createMemoryEngine();
    await createdAndStarted(engine);
    engine.runtime.failure = new BerthError('COMMAND_NOT_FOUND', 'not found');
    await expect(engine.execs.exec(aRequest, aClient()).next()).rejects.toThrow('not found');
    expect(engine.stores.execs.list()).toEqual([]);
  });
});
