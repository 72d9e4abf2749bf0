import assert from 'node:assert/strict';
import test from 'node:test';
import { berth, engine, readCgroup, sh } from './engine.ts';

const HUNGRY = 'x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done';

/** Starts a container that sleeps. */
function sleeper(name: string, ...options: string[]): Promise<string> {
  return berth('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '1000');
}

test('a container that wants more memory than it may have is killed, and says so', async () => {
  const hungry = ['run', '--name', 'hungry', '--memory', '16m', 'busybox', 'sh', '-c', HUNGRY];
  assert.equal((await engine().berth(hungry)).code, 137);
  assert.equal(await berth('inspect', '--format', '{{.State.OOMKilled}}', 'hungry'), 'true');
  const told = await berth(
    'events',
    '--since',
    '10m',
    '--until',
    '0s',
    '--filter',
    'container=hungry',
    '--format',
    '{{.Action}}',
  );
  assert.match(told, /^start\noom\ndie$/m);
  await berth('rm', 'hungry');
});

test('forks beyond the limit fail', async () => {
  const { stdout, stderr } = await sh('for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all', '--pids-limit', '4');
  assert.equal(stdout, '');
  assert.match(stderr, /can't fork/);
});

test('limits of memory, processors and disks are where the kernel looks for them', async () => {
  const memory = ['--memory', '64m', '--memory-swap', '96m', '--memory-reservation', '32m'];
  const processors = ['--cpus', '0.5', '--cpu-shares', '512', '--cpuset-cpus', '1'];
  const disks = ['--device-write-bps', '/dev/vda:1mb', '--device-read-iops', '/dev/vda:1000'];
  const id = await sleeper('limited', ...memory, ...processors, ...disks, '--pids-limit', '50');
  const values = Object.fromEntries(
    ['memory.max', 'memory.low', 'cpu.max', 'cpuset.cpus.effective', 'pids.max', 'io.max'].map((file) => [
      file,
      readCgroup(id, file),
    ]),
  );
  assert.deepEqual(values, {
    'memory.max': String(64 << 20),
    'memory.low': String(32 << 20),
    'cpu.max': '50000 100000',
    'cpuset.cpus.effective': '1',
    'pids.max': '50',
    'io.max': '254:0 rbps=max wbps=1048576 riops=1000 wiops=max',
  });
  assert.equal(
    await berth('exec', 'limited', 'grep', 'Cpus_allowed_list', '/proc/self/status'),
    'Cpus_allowed_list:\t1',
  );
  await berth('exec', 'limited', 'timeout', '1', 'sh', '-c', 'while :; do :; done').catch(() => undefined);
  assert.doesNotMatch(readCgroup(id, 'cpu.stat'), /^nr_throttled 0$/m);
  await berth('rm', '-f', 'limited');
});

test('the limits of a container that runs can be changed', async () => {
  const id = await sleeper('changed', '--memory', '64m', '--pids-limit', '50');
  await berth('update', '--memory', '32m', '--cpus', '0.25', '--pids-limit', '7', 'changed');
  const values = ['memory.max', 'cpu.max', 'pids.max'].map((file) => readCgroup(id, file));
  assert.deepEqual(values, [String(32 << 20), '25000 100000', '7']);
  await berth('rm', '-f', 'changed');
});

test('what a container uses is measured', async () => {
  await sleeper('measured', '--memory', '64m');
  await berth('exec', 'measured', 'dd', 'if=/dev/zero', 'of=/dev/shm/x', 'bs=1M', 'count=8');
  const format = '{{.Name}} {{.MemUsage}} {{.PIDs}} {{.CPUPerc}}';
  const usage = await berth('stats', '--no-stream', '--format', format, 'measured');
  assert.match(usage, /^measured (8|9|10)(\.\d+)?MiB \/ 64MiB 1 \d+\.\d+%$/);
  await berth('rm', '-f', 'measured');
});

test('user ids of its own are refused to a container where the kernel is too old for them', async () => {
  const { code, stderr } = await sh('true', '--userns=auto');
  assert.equal(code, 125);
  assert.match(stderr, /the kernel is too old: userns: an overlay that maps ids needs Linux 6\.15 or later/);
});

test('a container that is paused is frozen', async () => {
  const id = await sleeper('paused');
  await berth('pause', 'paused');
  assert.match(readCgroup(id, 'cgroup.events'), /^frozen 1$/m);
  assert.equal(await berth('inspect', '--format', '{{.State.Status}}', 'paused'), 'paused');
  await berth('unpause', 'paused');
  assert.match(readCgroup(id, 'cgroup.events'), /^frozen 0$/m);
  await berth('rm', '-f', 'paused');
});

test('a device that is mapped may be used as its permissions say', async () => {
  const script = 'head -c 1 /dev/disk >/dev/null && echo read; : >>/dev/disk && echo written';
  const { stdout, stderr } = await sh(script, '--device', '/dev/vda:/dev/disk:r');
  assert.equal(stdout, 'read\n', stderr);
  assert.match(stderr, /Operation not permitted/);
});
