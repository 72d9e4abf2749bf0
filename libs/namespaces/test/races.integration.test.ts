import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, PROGRAM, startTestEngine, type TestContainer, type TestEngine } from './test-engine.ts';
import { bind, filesystem, planProcess } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const sh = (script: string) => ['sh', '-c', script];
const directory = (name: string): string => {
  const path = join(engine.directory, name);
  mkdirSync(path);
  return path;
};

/** Starts `args` with further mounts; a start may fail, and then says so by null. */
async function tryStart(container: TestContainer, args: string[], ...more: ReturnType<typeof bind>[]) {
  const plan = container.plan(args);
  try {
    const running = await engine.spawner.startContainer({ ...plan, mounts: [...plan.mounts, ...more] });
    return await finish(running);
  } catch {
    return null;
  }
}

describe('a container that swaps directories of a shared volume for links to the host', () => {
  test('does not move the mounts and directories of another one out of its root', async () => {
    const [bait, volume, file] = [directory('bait'), directory('volume'), join(engine.directory, 'file')];
    writeFileSync(file, 'content');
    mkdirSync(join(volume, 'place'));
    const swap = `cd /shared; ln -s ${bait} link; while :; do mv -T place real; mv -T link place; mv -T place link; mv -T real place; done`;
    const plan = engine.create().plan(sh(`${swap} 2>/dev/null`));
    const swapper = await engine.spawner.startContainer({ ...plan, mounts: [...plan.mounts, bind(volume, '/shared')] });
    const outcomes = [];
    for (let i = 0; i < 60; i++) {
      const targets = [bind(file, `/shared/place/file${i}`), bind(volume, `/shared/place/directory${i}`)];
      outcomes.push(await tryStart(engine.create(), ['true'], bind(volume, '/shared'), ...targets));
    }
    await swapper.signal(9);
    await finish(swapper);
    expect(outcomes).toContainEqual(expect.objectContaining({ exit: expect.objectContaining({ exitCode: 0 }) }));
    expect(readdirSync(bait)).toEqual([]);
  });
});

describe('an exec in a container that has spoilt its own files', () => {
  test('takes no terminal from what is no devpts', async () => {
    const container = engine.create();
    const plan = container.plan(sh('echo fake > /dev/pts/ptmx; sleep 100'));
    const mounts = plan.mounts.map((mount) =>
      mount.target === '/dev/pts' ? filesystem('/dev/pts', 'tmpfs', 0) : mount,
    );
    const running = await engine.spawner.startContainer({ ...plan, mounts });
    const process = planProcess(['true'], { terminal: true });
    await expect(engine.spawner.startExec({ ...container.planExec([]), process })).rejects.toMatchObject({
      reason: 'START_FAILED',
      message: expect.stringContaining('/dev/pts is not a devpts'),
    });
    await running.signal(9);
    await finish(running);
  });

  test('executes no copy of the helper that could be written to', async () => {
    const container = engine.create();
    const before = readFileSync(PROGRAM);
    const script = `printf '#!/proc/self/exe\\n' > /trap; chmod 755 /trap; echo ready
      while :; do for exe in /proc/[0-9]*/exe; do echo owned > $exe; done; done 2>/dev/null`;
    const running = await engine.spawner.startContainer(container.plan(sh(script)));
    const next = running.output[Symbol.asyncIterator]().next();
    await next;
    for (let i = 0; i < 20; i++) {
      await engine.spawner.startExec(container.planExec(['/trap'])).then(finish, () => null);
    }
    await running.signal(9);
    expect(readFileSync(PROGRAM).equals(before)).toBe(true);
    expect(await engine.run(['echo', 'alive'])).toMatchObject({ stdout: 'alive\n' });
  });
});

describe('values for the kernel', () => {
  test('reach it through a proc of the helper, whatever the image has at /proc', async () => {
    const bait = directory('fake');
    writeFileSync(join(bait, 'ip_unprivileged_port_start'), 'precious');
    const container = engine.create();
    mkdirSync(join(container.image, 'proc/sys/net'), { recursive: true });
    symlinkSync(bait, join(container.image, 'proc/sys/net/ipv4'));
    symlinkSync(bait, join(container.image, 'proc/self'));
    const plan = container.plan(['true']);
    const mounts = plan.mounts.filter(({ target }) => target !== '/proc');
    const processFiles = [{ path: 'oom_score_adj', value: '0' }];
    await finish(await engine.spawner.startContainer({ ...plan, mounts, processFiles }));
    expect(readdirSync(bait)).toEqual(['ip_unprivileged_port_start']);
    expect(readFileSync(join(bait, 'ip_unprivileged_port_start'), 'utf8')).toBe('precious');
  });

  test('carry no second value in them', async () => {
    const pattern = () => readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const before = pattern();
    for (const value of ['1+kernel.core_pattern=|/x', '1\nkernel.core_pattern=|/x']) {
      const sysctls = [{ path: 'net/ipv4/ip_forward', value }];
      await engine.spawner.startContainer(engine.create().plan(['true'], { sysctls })).then(finish, () => null);
    }
    expect(pattern()).toBe(before);
  });
});
