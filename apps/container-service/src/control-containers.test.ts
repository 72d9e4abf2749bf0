import { describe, expect, test } from '@jest/globals';
import { aConfig, createdAndStarted, createMemoryEngine, DETACHED, settle } from './adapters/memory-engine.ts';

describe('stop and kill', () => {
  test('stop sends the stop signal, and tells of kill, die and stop', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine, { stopSignal: 'SIGINT' });
    const stopping = engine.control.stop('web', { timeoutSeconds: null, signal: '' });
    await settle();
    expect(process().signals).toEqual([2]);
    process().exit(0);
    await stopping;
    expect(engine.verbs().slice(3)).toEqual(['kill', 'die', 'network disconnect', 'stop']);
  });

  test('stop kills everything when the time is over', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine);
    await engine.control.stop('web', { timeoutSeconds: 0, signal: '' });
    expect(process().signals).toEqual([15, 'kill-all']);
    expect(state()).toMatchObject({ status: 'exited', exitCode: 137 });
  });

  test('stop does nothing to one that does not run', async () => {
    const engine = createMemoryEngine();
    await engine.creator.create({ name: 'web', config: aConfig() });
    await engine.control.stop('web', { timeoutSeconds: null, signal: '' });
    expect(engine.verbs()).toEqual(['create']);
  });

  test('kill sends the signal it is given, and waits for the end with SIGKILL', async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine);
    await engine.control.kill('web', 'HUP');
    expect(process().signals).toEqual([1]);
    await engine.control.kill('web', '');
    expect(state()?.status).toBe('exited');
    await expect(engine.control.kill('web', 'TERM')).rejects.toThrow(
      `cannot kill container: web: container ${id} is not running`,
    );
    await expect(engine.control.kill('nobody', '')).rejects.toThrow(
      'cannot kill container: nobody: No such container: nobody',
    );
    await expect(engine.control.kill('web', 'FOO')).rejects.toThrow('cannot kill container: web: invalid signal: FOO');
  });
});

describe('remove', () => {
  test('takes everything away', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine);
    process().exit(0);
    await settle();
    await engine.control.remove('web', { force: false, volumes: false });
    expect([engine.stores.containers.list(), engine.images.snapshots.size, engine.files.list()]).toEqual([[], 0, []]);
    expect(engine.verbs().at(-1)).toBe('destroy');
  });

  test('refuses one that runs, and kills it first when forced', async () => {
    const engine = createMemoryEngine();
    await createdAndStarted(engine);
    await expect(engine.control.remove('web', { force: false, volumes: false })).rejects.toThrow(
      'cannot remove container "web": container is running: stop the container before removing or force remove',
    );
    await engine.control.remove('web', { force: true, volumes: false });
    expect(engine.verbs().slice(3)).toEqual(['kill', 'die', 'network disconnect', 'destroy']);
  });

  test('is done for the user although a service is down, and complete once it is back', async () => {
    const engine = createMemoryEngine();
    await engine.creator.create({ name: 'web', config: aConfig() });
    engine.images.down = true;
    await engine.control.remove('web', { force: false, volumes: false });
    expect(engine.stores.containers.listLeftovers()).toHaveLength(1);
    engine.images.down = false;
    const next = engine.restart();
    next.recovery.resume();
    await next.sweep();
    expect([next.stores.containers.listLeftovers(), next.images.snapshots.size]).toEqual([[], 0]);
  });
});

describe('finding', () => {
  test('by name, id or prefix, and the texts of Docker when there is none or more than one', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine);
    for (const reference of [id, 'web', '/web', id.slice(0, 6)]) {
      await expect(engine.control.start(reference, DETACHED)).resolves.toBeNull();
    }
    await expect(engine.control.wait('nope', 'not-running', AbortSignal.abort())).rejects.toThrow(
      'No such container: nope',
    );
    for (let n = 0; n < 16; n++) await engine.creator.create({ name: '', config: aConfig() });
    await expect(engine.control.wait('', 'not-running', AbortSignal.abort())).rejects.toThrow('No such container: ');
    const ids = engine.stores.containers.list().map((container) => container.id);
    const shared = ids.find((one) => ids.some((other) => other !== one && other[0] === one[0]));
    await expect(engine.control.wait(shared?.[0] ?? '', 'not-running', AbortSignal.abort())).rejects.toThrow(
      'multiple IDs found with provided prefix',
    );
  });
});

describe('after a restart of the service', () => {
  test('a container that runs is followed again, and its exit code is not lost', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine);
    const next = engine.restart();
    next.recovery.resume();
    await settle();
    process().exit(9);
    await expect(next.control.wait('web', 'not-running', AbortSignal.abort())).resolves.toMatchObject({ exitCode: 9 });
    expect(state()?.status).toBe('exited');
    expect(next.verbs().filter((verb) => verb === 'die')).toHaveLength(1);
  });

  test('one that ended meanwhile is finished with its exit code', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine);
    const next = engine.restart();
    process().exit(5);
    next.recovery.resume();
    await settle();
    expect(state()).toMatchObject({ status: 'exited', exitCode: 5, error: '' });
  });

  test('one whose keeper died with it has an unknown exit code, and says so', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine);
    const next = engine.restart();
    process().loseKeeper({ processLives: false });
    next.recovery.resume();
    await settle();
    expect(state()).toMatchObject({ status: 'exited', exitCode: 137 });
    expect(state()?.error).toContain('exit code unknown');
    expect(next.runtime.calls.at(-1)).toContain('clean up');
  });

  test('one that lives without its keeper can still be stopped', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine);
    const next = engine.restart();
    process().loseKeeper({ processLives: true });
    next.recovery.resume();
    await settle();
    expect(state()?.status).toBe('running');
    await next.control.stop('web', { timeoutSeconds: 0, signal: '' });
    await settle();
    expect(process).toThrow('no process');
    expect(state()).toMatchObject({ status: 'exited', exitCode: 137 });
  });

  test('after a restart of the host all have ended', async () => {
    const engine = createMemoryEngine();
    const { state } = await createdAndStarted(engine);
    const next = engine.restart();
    next.runtime.bootId = 'boot-2';
    next.recovery.resume();
    await settle();
    expect(state()).toMatchObject({
      status: 'exited',
      exitCode: 137,
      error: 'exit code unknown: the host was restarted',
    });
    await next.control.start('web', DETACHED);
    expect(state()).toMatchObject({ status: 'running', bootId: 'boot-2' });
  });

  test('what belongs to no container is removed, and nothing else', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine);
    const orphan = 'f'.repeat(64);
    engine.images.snapshots.add(orphan);
    engine.volumes.uses.set(orphan, ['v']);
    engine.files.runtimes.add(orphan);
    const next = engine.restart();
    next.recovery.resume();
    await next.sweep();
    expect([[...next.images.snapshots], [...next.volumes.uses.keys()], next.files.list()]).toEqual([[id], [], [id]]);
  });
});
