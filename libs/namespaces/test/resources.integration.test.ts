import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CgroupDirectory } from '@berth/proto/native';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../src/index.ts';
import { eventually, finish, startTestEngine, type TestContainer, type TestEngine } from './test-engine.ts';
import { bind, filesystem, planProcess, planCgroup } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

describe('a cgroup', () => {
  test('is the root of what the container sees, and its processes are born in it', async () => {
    const container = engine.create();
    const mounts = [...container.plan([]).mounts, filesystem('/sys/fs/cgroup', 'cgroup2', 0x1)];
    const plan = container.plan(['sh', '-c', 'cat /proc/self/cgroup /sys/fs/cgroup/cgroup.procs'], { mounts });
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout).toContain('0::/\n');
    expect(stdout.split('\n')).toContain('1');
  });

  test('is readable by a process that is not root', async () => {
    const container = engine.create();
    const plan = container.plan([]);
    const mounts = [...plan.mounts, filesystem('/sys/fs/cgroup', 'cgroup2', 0x1)];
    const process = planProcess(['sh', '-c', 'cat /sys/fs/cgroup/cgroup.procs'], { userId: 1000 });
    const { stdout } = await finish(await engine.spawner.startContainer({ ...plan, mounts, process }));
    expect(stdout.split('\n')).toContain('1');
  });

  test('with a value that the kernel refuses fails the start and leaves nothing', async () => {
    const container = engine.create();
    const { unifiedDir } = container.places;
    const values = [{ path: 'cgroup.max.depth', value: 'nonsense' }];
    const plan = container.plan(['true'], { cgroup: planCgroup(unifiedDir, { values }) });
    await expect(engine.spawner.startContainer(plan)).rejects.toMatchObject({ reason: 'START_FAILED' });
    expect(existsSync(unifiedDir)).toBe(false);
  });

  test('tells when the out-of-memory killer struck', async () => {
    const container = engine.create();
    const { unifiedDir, id } = container.places;
    const memory = planMemory(`berth-test-${id.slice(0, 12)}`, 24 * 1024 * 1024);
    if (memory === null) return;
    const cgroup = planCgroup(unifiedDir, { legacy: [memory], noted: true });
    const plan = container.plan(['dd', 'if=/dev/zero', 'of=/dev/shm/fill', 'bs=1M', 'count=60'], { cgroup });
    const running = await engine.spawner.startContainer(plan);
    expect((await finish(running)).exit).toMatchObject({ exitCode: 137, signal: 9, oomKilled: true });
    expect(readRecord(container.places.stateDir)?.exit?.oomKilled).toBe(true);
    await eventually(() => !existsSync(memory.dir), 'the memory cgroup goes');
    rmdirSync(join(memory.dir, '..'));
  });

  test('denies devices that are not in the default list', async () => {
    const container = engine.create();
    const devices = [{ path: '/dev/disk', mode: 0o060666, major: 254, minor: 0, userId: 0, groupId: 0 }];
    const script = 'cat /dev/disk; echo x > /dev/null && echo ok';
    const { stdout, stderr } = await finish(
      await engine.spawner.startContainer({
        ...container.plan(['sh', '-c', script]),
        devices: [...container.plan([]).devices, ...devices],
      }),
    );
    expect(stdout).toBe('ok\n');
    expect(stderr).toContain('Operation not permitted');
  });
});

/** A v1 memory cgroup with a limit; null where there is no such hierarchy. */
function planMemory(name: string, limit: number): CgroupDirectory | null {
  const hierarchy = '/sys/fs/cgroup/memory';
  if (!existsSync(join(hierarchy, 'memory.limit_in_bytes'))) return null;
  return { dir: join(hierarchy, name, 'c'), values: [{ path: 'memory.limit_in_bytes', value: String(limit) }] };
}

describe('a volume', () => {
  function withVolume(container: TestContainer, args: string[], copyUp: boolean) {
    const volume = join(engine.directory, `volume-${container.places.id.slice(0, 8)}`);
    mkdirSync(volume, { recursive: true });
    const plan = container.plan(args);
    return { volume, plan: { ...plan, mounts: [...plan.mounts, bind(volume, '/data/deep', { copyUp })] } };
  }

  test('that is new gets what the image has there, owner and all', async () => {
    const container = engine.create();
    mkdirSync(join(container.image, 'data/deep/sub'), { recursive: true });
    writeFileSync(join(container.image, 'data/deep/sub/file'), 'from the image\n');
    const { plan, volume } = withVolume(
      container,
      ['sh', '-c', 'cat /data/deep/sub/file; echo new > /data/deep/new'],
      true,
    );
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout).toBe('from the image\n');
    expect(readdirSync(volume).sort()).toEqual(['new', 'sub']);
  });

  test('that has something keeps it and gets nothing', async () => {
    const container = engine.create();
    mkdirSync(join(container.image, 'data/deep'), { recursive: true });
    writeFileSync(join(container.image, 'data/deep/file'), 'from the image\n');
    const { plan, volume } = withVolume(container, ['ls', '/data/deep'], true);
    writeFileSync(join(volume, 'own'), '');
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout).toBe('own\n');
  });
});

describe('a root', () => {
  test('of a hundred layers shows the uppermost file of each name', async () => {
    const container = engine.create();
    const lowerDirs = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    for (const [index, name] of lowerDirs.entries()) {
      mkdirSync(join(container.places.layersDir, name));
      writeFileSync(join(container.places.layersDir, name, 'who'), `${index}\n`);
      writeFileSync(join(container.places.layersDir, name, `only-${index}`), '');
    }
    const plan = container.plan(['sh', '-c', 'cat /who; ls / | grep -c only']);
    const rootfs = plan.rootfs && { ...plan.rootfs, lowerDirs: [...lowerDirs, 'busybox'] };
    expect((await finish(await engine.spawner.startContainer({ ...plan, rootfs }))).stdout).toBe('0\n100\n');
  });

  test('whose directories have names too long for fsconfig is mounted the old way', async () => {
    const container = engine.create();
    const deep = join(engine.directory, 'n'.repeat(200), 'm'.repeat(100));
    for (const name of ['upper', 'work']) mkdirSync(join(deep, name), { recursive: true });
    const plan = container.plan(['sh', '-c', 'echo written > /file; cat /file']);
    const rootfs = plan.rootfs && { ...plan.rootfs, upperDir: join(deep, 'upper'), workDir: join(deep, 'work') };
    expect((await finish(await engine.spawner.startContainer({ ...plan, rootfs }))).stdout).toBe('written\n');
    expect(readFileSync(join(deep, 'upper/file'), 'utf8')).toBe('written\n');
  });
});

describe('a container without a pid namespace', () => {
  test('takes its other processes with it when its first one ends', async () => {
    const container = engine.create();
    const process = planProcess(['sh', '-c', 'sleep 1000 & echo $!; exit 4']);
    const plan = { ...container.plan([], { namespaceFlags: 0x00020000n | 0x40000000n | 0x04000000n }), process };
    const { stdout, exit } = await finish(await engine.spawner.startContainer(plan));
    expect(exit).toMatchObject({ exitCode: 4 });
    await eventually(() => !existsSync(`/proc/${stdout.trim()}`), 'the other process ends');
  });
});
