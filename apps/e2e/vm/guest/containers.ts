import assert from 'node:assert/strict';
import test from 'node:test';
import { berth, readCgroup, sh } from './engine.ts';

test('a container runs, reads its input, and its exit code comes back', async () => {
  const { code, stdout, stderr } = await sh('echo out; echo err >&2; exit 7');
  assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: 'out\n', stderr: 'err\n' });
});

test('a container with a terminal has one', async () => {
  assert.match(await berth('run', '--rm', '-t', 'busybox', 'tty'), /^\/dev\/pts\/0/);
});

test('the image can be changed and deleted from, and stays as it was', async () => {
  assert.equal((await sh('rm /bin/vi && mkdir /new && echo x >/etc/new && ls -d /new')).code, 0);
  assert.equal((await sh('test -e /bin/vi && test ! -e /new && test ! -e /etc/new')).code, 0);
});

test('a container has a control group of its own, with every controller, and its processes are in it', async () => {
  const id = await berth('run', '-d', '--name', 'grouped', 'busybox', 'sleep', '100');
  const controllers = readCgroup(id, 'cgroup.controllers').split(' ');
  for (const name of ['cpu', 'cpuset', 'io', 'memory', 'pids']) assert(controllers.includes(name), name);
  const pid = await berth('inspect', '--format', '{{.State.Pid}}', 'grouped');
  assert.deepEqual(readCgroup(id, 'cgroup.procs').split('\n'), [pid]);
  assert.match(await berth('exec', 'grouped', 'cat', '/proc/self/cgroup'), /^0::\//);
  await berth('exec', '-d', 'grouped', 'sleep', '200');
  assert.equal(readCgroup(id, 'cgroup.procs').split('\n').length, 2);
  await berth('rm', '-f', 'grouped');
});

test('stop ends a process that heeds it, and kills one that does not', async () => {
  await berth(
    'run',
    '-d',
    '--name',
    'polite',
    'busybox',
    'sh',
    '-c',
    'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done',
  );
  await berth('run', '-d', '--name', 'deaf', 'busybox', 'sleep', '100');
  while ((await berth('logs', 'polite')) !== 'ready');
  await berth('stop', 'polite');
  await berth('stop', '-t', '0', 'deaf');
  assert.equal(await berth('wait', 'polite', 'deaf'), '3\n137');
  await berth('rm', 'polite', 'deaf');
});

test('the devices of a container can be used, and those of the host cannot be opened', async () => {
  const { code, stdout, stderr } = await sh(
    'echo x >/dev/null && head -c 4 /dev/urandom | wc -c && mknod /disk b 254 0 && head -c 1 /disk',
  );
  assert.equal(code, 1, stderr);
  assert.equal(stdout.trim(), '4');
  assert.match(stderr, /\/disk: Operation not permitted/);
});

test('containers reach each other over the bridge', async () => {
  await berth('run', '-d', '--name', 'peer', 'busybox', 'sleep', '100');
  const address = await berth('inspect', '--format', '{{.NetworkSettings.IPAddress}}', 'peer');
  const { code, stderr } = await sh(`ping -c 1 -W 5 ${address}`);
  assert.equal(code, 0, stderr);
  await berth('rm', '-f', 'peer');
});
