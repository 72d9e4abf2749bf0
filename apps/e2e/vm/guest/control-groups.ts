import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { berth, engine, readCgroup } from './engine.ts';

const TREE = '/sys/fs/cgroup';

/** What the files of a container's control group say. */
function valuesOf(id: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, readCgroup(id, file)]));
}

test('weights, rates and sets are where the kernel looks for them, and change while the container runs', async () => {
  const memory = ['--memory', '64m', '--memory-swap', '64m'];
  const disks = ['--blkio-weight', '300', '--device-read-bps', '/dev/vda:2mb', '--device-write-iops', '/dev/vda:500'];
  const sets = ['--cpuset-cpus', '0', '--cpuset-mems', '0', '--cpu-period', '50000', '--cpu-quota', '25000'];
  const device = ['--blkio-weight-device', '/dev/vda:200'];
  const unweighed = await engine().berth(['create', '--name', 'unweighed', ...device, 'busybox']);
  assert.match(unweighed.stderr, /Block I\/O weight_device .*Weight-device discarded\.\n/);
  await berth('rm', 'unweighed');
  // From here on there are weights of devices.
  writeFileSync(join(TREE, 'io.cost.qos'), '254:0 enable=1');
  const options = ['--name', 'weighed', ...memory, ...disks, ...device, ...sets];
  const id = await berth('run', '-d', ...options, 'busybox', 'sleep', '1000');
  assert.deepEqual(valuesOf(id, ['memory.swap.max', 'io.weight', 'io.max', 'cpuset.mems.effective', 'cpu.max']), {
    'memory.swap.max': '0',
    'io.weight': 'default 2930\n254:0 1920',
    'io.max': '254:0 rbps=2097152 wbps=max riops=max wiops=500',
    'cpuset.mems.effective': '0',
    'cpu.max': '25000 50000',
  });
  const changes = ['--memory', '96m', '--memory-swap', '128m', '--blkio-weight', '500', '--cpuset-cpus', '0-1'];
  await berth('update', ...changes, '--pids-limit', '-1', '--cpu-shares', '2048', 'weighed');
  assert.deepEqual(
    valuesOf(id, ['memory.max', 'memory.swap.max', 'io.weight', 'cpuset.cpus.effective', 'pids.max', 'cpu.weight']),
    {
      'memory.max': String(96 << 20),
      'memory.swap.max': String(32 << 20),
      'io.weight': 'default 4950\n254:0 1920',
      'cpuset.cpus.effective': '0-1',
      'pids.max': 'max',
      'cpu.weight': '174',
    },
  );
  assert.match(await berth('top', 'weighed', '-o', 'pid,comm'), /^PID +COMMAND\n\d+ +sleep$/);
  const format = '{{.MemUsage}} {{.BlockIO}} {{.PIDs}}';
  assert.match(await berth('stats', '--no-stream', '--format', format, 'weighed'), /\/ 96MiB \S+ \/ \S+ 1$/);
  await berth('rm', '-f', 'weighed');
  writeFileSync(join(TREE, 'io.cost.qos'), '254:0 enable=0');
});

test('a container lies below the control group that it is given, below others, with its limits', async () => {
  const parent = join(TREE, 'outer/inner.slice');
  const options = ['--name', 'below', '--cgroup-parent', '/outer/inner.slice', '--memory', '32m'];
  const id = await berth('run', '-d', ...options, '--pids-limit', '20', 'busybox', 'sleep', '1000');
  await berth('exec', '-d', 'below', 'sleep', '1000');
  const read = (file: string) => readCgroup(id, file, parent);
  assert.deepEqual([read('memory.max'), read('pids.max')], [String(32 << 20), '20']);
  assert.equal(read('cgroup.procs').split('\n').length, 2);
  await berth('update', '--memory', '48m', '--memory-swap', '48m', 'below');
  assert.equal(read('memory.max'), String(48 << 20));
  await berth('rm', '-f', 'below');
  assert(!existsSync(join(parent, id)), readdirSync(parent).join(' '));
});
