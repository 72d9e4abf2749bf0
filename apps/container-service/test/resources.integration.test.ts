import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resources } from '@berth/proto/container';
import { waitFor, type TestEngine } from '@berth/testkit';
import { describe, expect, test } from '@jest/globals';
import type { TestContainers } from './support/containers.ts';
import { expectNothingLeft } from './support/left-behind.ts';
import { readLimit } from './support/read-limit.ts';
import { useContainers } from './support/use-containers.ts';

let engine: TestEngine;
let containers: TestContainers;

useContainers((started) => {
  ({ engine, containers } = started);
});

const MIB = 1n << 20n;

function limits(resources: Partial<Resources>) {
  return { config: { resources: Resources.fromPartial(resources) } };
}

describe('limits', () => {
  test('a container that wants more memory than it may have is killed, and says so', async () => {
    const script = 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done';
    const { id, exit } = await containers.run(['sh', '-c', script], limits({ memoryBytes: 16n * MIB }));
    expect(exit).toEqual({ exitCode: 137, oomKilled: true });
    expect(await containers.get(id)).toMatchObject({
      oomKilled: true,
      config: { resources: { memorySwapBytes: 32n * MIB } },
    });
  });

  test('an exec is told to be killed for memory only when it was', async () => {
    const id = await containers.startDetached('sleep 1000', limits({ memoryBytes: 16n * MIB }));
    const hungry = ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done'];
    expect((await containers.exec(id, hungry)).exit).toEqual({ exitCode: 137, oomKilled: true });
    expect((await containers.exec(id, ['true'])).exit).toEqual({ exitCode: 0, oomKilled: false });
    expect((await containers.exec(id, ['sh', '-c', 'kill -9 $$'])).exit).toEqual({ exitCode: 137, oomKilled: false });
  });

  test('forks beyond the limit fail', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all';
    const { stdout, stderr } = await containers.run(['sh', '-c', script], limits({ pidsLimit: 4n }));
    expect(stdout).toBe('');
    expect(stderr).toMatch(/can't fork|Resource temporarily unavailable/);
  });

  test('processor limits are in the files', async () => {
    const resources = { nanoCpus: 500_000_000n, cpuShares: 512n, cpusetCpus: '1' };
    const id = await containers.startDetached('sleep 1000', limits(resources));
    expect(readLimit(engine, id, 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000( 100000)?$/);
    expect(['512', '59']).toContain(readLimit(engine, id, 'cpu.shares', 'cpu.weight'));
    expect((await containers.exec(id, ['grep', 'Cpus_allowed_list', '/proc/self/status'])).stdout).toMatch(/\t1\n$/);
  });

  test('ulimits, the size of /dev/shm, kernel parameters and the score of the out-of-memory killer', async () => {
    const { config } = limits({ ulimits: [{ name: 'nofile', soft: 100n, hard: 200n }], shmSizeBytes: 8n * MIB });
    const sysctls = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096' };
    const script =
      'ulimit -n; ulimit -Hn; df -k /dev/shm; sysctl -n net.ipv4.ip_forward kernel.msgmax; cat /proc/self/oom_score_adj';
    const { stdout } = await containers.run(['sh', '-c', script], { config: { ...config, sysctls, oomScoreAdj: 500 } });
    expect(stdout).toMatch(/^100\n200\n[^]*\b8192\b[^]*\n1\n4096\n500\n$/);
  });

  test('an update holds for all that runs, and for what comes', async () => {
    const id = await containers.startDetached('sleep 1000 & sleep 1000');
    const update = (resources: Partial<Resources>) =>
      containers.client.updateContainer({
        container: id,
        resources: Resources.fromPartial(resources),
        restartPolicy: undefined,
      });
    await update({ memoryBytes: 16n * MIB, memorySwapBytes: 16n * MIB, pidsLimit: 5n });
    await update({ memoryBytes: 32n * MIB, memorySwapBytes: 32n * MIB });
    await update({ memoryBytes: 20n * MIB, memorySwapBytes: 24n * MIB });
    expect(readLimit(engine, id, 'memory.limit_in_bytes', 'memory.max')).toBe(String(20n * MIB));
    expect(readLimit(engine, id, 'cgroup.procs', 'cgroup.procs').split('\n')).toHaveLength(2);
    const forks = ['sh', '-c', 'for i in 1 2 3 4 5; do sleep 5 & done; echo all'];
    expect((await containers.exec(id, forks)).stdout).toBe('');
    const hungry = ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done'];
    expect((await containers.exec(id, hungry)).exit).toEqual({ exitCode: 137, oomKilled: true });
    expect((await containers.get(id)).config?.resources).toMatchObject({ memoryBytes: 20n * MIB, pidsLimit: 5n });
    await expect(update({ memoryBytes: 64n * MIB })).rejects.toThrow(
      /^Cannot update container [0-9a-f]{64}: Memory limit/,
    );
    await expect(update({ memoryBytes: MIB })).rejects.toThrow(/^Minimum memory limit allowed is 6MB/);
  });

  test('nothing is left of them', async () => {
    await containers.removeAll();
    await expectNothingLeft(engine);
  });

  test('nor after the keeper and the service were killed', async () => {
    const id = await containers.startDetached('sleep 1000', limits({ memoryBytes: 16n * MIB, pidsLimit: 10n }));
    const record = readFileSync(join(engine.paths.runDir, 'containers', id, 'record'));
    process.kill(record.readUInt32LE(56), 'SIGKILL');
    await containers.client.stopContainer({ container: id, timeoutSeconds: 0, signal: '' });
    await containers.removeAll();
    await expectNothingLeft(engine);
  });
});

describe('statistics', () => {
  async function measure(all: boolean, ...named: string[]) {
    const request = { containers: named, once: true, all };
    for await (const { stats } of containers.client.streamStats(request)) return stats;
    return [];
  }

  test('tell what each container uses', async () => {
    const busy = await containers.startDetached(
      'while :; do :; done',
      limits({ nanoCpus: 500_000_000n, memoryBytes: 64n * MIB }),
    );
    const script = 'x=aaaaaaaaaaaaaaaa; for i in $(seq 19); do x=$x$x; done; echo ready; while :; do sleep 1; done';
    const idle = await containers.startDetached(script);
    await waitFor(async () => (await containers.logs(idle)).includes('ready'), { what: 'the memory' });
    const { id: ended } = await containers.run(['true']);
    const stats = await measure(true);
    const of = (id: string) => stats.find((each) => each.id === id);
    expect(stats).toHaveLength(3);
    expect(of(busy)).toMatchObject({ memoryLimitBytes: 64n * MIB, pids: 1n });
    expect(of(busy)?.cpuPercent).toBeGreaterThan(5);
    expect(of(busy)?.cpuNanos).toBeGreaterThan(0n);
    expect(of(idle)?.memoryBytes).toBeGreaterThan(4n * MIB);
    expect(of(idle)?.networkReceiveBytes).toBeGreaterThan(0n);
    expect(of(idle)?.cpuPercent).toBeLessThan(of(busy)?.cpuPercent ?? 0);
    expect(of(ended)).toMatchObject({ cpuNanos: 0n, memoryLimitBytes: 0n, pids: 0n });
    expect((await measure(false, idle)).map(({ id }) => id)).toEqual([idle]);
    await expect(measure(false, 'absent')).rejects.toMatchObject({ reason: 'CONTAINER_NOT_FOUND' });
  });
});

describe('devices', () => {
  test('the host’s are out of reach', async () => {
    const { stdout } = await containers.run(['sh', '-c', 'mknod /tmp/k c 10 229; : </tmp/k && echo open']);
    expect(stdout).toBe('');
  });

  test('one that is mapped may be used as its permissions say', async () => {
    const devices = [{ hostPath: '/dev/fuse', containerPath: '/dev/x/fuse', permissions: 'r' }];
    const script = ': </dev/x/fuse && echo read; : >/dev/x/fuse && echo written';
    const { stdout, stderr } = await containers.run(['sh', '-c', script], { config: { devices } });
    expect([stdout, stderr]).toEqual(['read\n', expect.stringMatching(/Operation not permitted/)]);
  });

  test('a rule allows what the container makes itself', async () => {
    const script = 'mknod /tmp/k c 10 229 && : </tmp/k && echo open';
    const { stdout } = await containers.run(['sh', '-c', script], { config: { deviceCgroupRules: ['c 10:* r'] } });
    expect(stdout).toBe('open\n');
  });

  test('one that is not there fails the start', async () => {
    const devices = [{ hostPath: '/dev/absent', containerPath: '', permissions: '' }];
    await expect(containers.run(['true'], { config: { devices } })).rejects.toThrow(
      'error gathering device information while adding custom device "/dev/absent": no such file or directory',
    );
  });

  test('nothing is left of them', async () => {
    await containers.removeAll();
    await expectNothingLeft(engine);
  });
});
