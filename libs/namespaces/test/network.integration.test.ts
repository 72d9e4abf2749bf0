import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NetworkInterface } from '@berth/proto/native';
import { finish, startTestEngine, type TestEngine } from './test-engine.ts';
import { planFilter, planProcess } from './test-plan.ts';

const NETWORK = { bridge: 'bt0', address: '10.123.0.1', prefixLength: 24, table: 'bt', forward: true };

/** In a network namespace of its own, so that the machine's bridges and rules are left alone. */
let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ prefix: ['unshare', '-n'] });
  await engine.spawner.ensureNetwork(NETWORK);
});
afterAll(async () => {
  await engine.spawner.removeNetwork({ bridge: 'bt0', table: 'bt', unifiedDir: '', legacyDirs: [] });
  await engine[Symbol.asyncDispose]();
});

function planInterface(number: number): NetworkInterface {
  return {
    hostName: `bv${number}`,
    name: 'eth0',
    bridge: 'bt0',
    address: `10.123.0.${number}`,
    prefixLength: 24,
    gateway: '10.123.0.1',
    hardwareAddress: Buffer.of(2, 0x42, 10, 123, 0, number),
    mtu: 0,
  };
}

test('a container reaches the gateway and its neighbours as soon as it runs', async () => {
  const listener = engine.create();
  const serving = await engine.spawner.startContainer(
    listener.plan(['/bin/busybox', 'nc', '-l', '-p', '7', '-e', '/bin/echo', 'hello'], { network: planInterface(2) }),
  );
  const script =
    '/bin/busybox ping -c1 -W2 10.123.0.1 >/dev/null && i=0; until /bin/busybox nc 10.123.0.2 7 || [ $((i+=1)) = 20 ]; do sleep 0.1; done';
  const { stdout, stderr } = await engine.run(['sh', '-c', script], { network: planInterface(3) });
  expect({ stdout, stderr: stderr.replaceAll(/^nc: .*refused\n/gm, '') }).toEqual({ stdout: 'hello\n', stderr: '' });
  expect(await serving.exited).toMatchObject({ exitCode: 0 });
});

test('a container has its address, its route and its loopback', async () => {
  const script = '/bin/busybox ip -o -4 addr; /bin/busybox ip route';
  const { stdout } = await engine.run(['sh', '-c', script], { network: planInterface(4) });
  expect(stdout).toMatch(/lo\s+inet 127.0.0.1\/8/);
  expect(stdout).toMatch(/eth0\s+inet 10.123.0.4\/24/);
  expect(stdout).toContain('default via 10.123.0.1 dev eth0');
});

test('a start that fails leaves no interface, so that the next may have its name', async () => {
  const container = engine.create();
  const failing = container.plan(['nope'], { network: planInterface(5) });
  await expect(engine.spawner.startContainer(failing)).rejects.toMatchObject({ reason: 'COMMAND_NOT_FOUND' });
  expect(await engine.run(['true'], { network: planInterface(5) })).toMatchObject({ exit: { exitCode: 0 } });
});

test('a container that is started again at once has its interface again', async () => {
  const container = engine.create();
  for (let round = 0; round < 5; round++) {
    const running = await engine.spawner.startContainer(container.plan(['true'], { network: planInterface(7) }));
    expect(await running.exited).toMatchObject({ exitCode: 0 });
  }
});

test('a second start of a container that runs leaves its interface alone', async () => {
  const container = engine.create();
  const plan = container.plan(['sleep', '1000'], { network: planInterface(8) });
  const running = await engine.spawner.startContainer(plan);
  await expect(engine.spawner.startContainer(plan)).rejects.toMatchObject({ reason: 'START_FAILED' });
  const ping = await engine.spawner.startExec(container.planExec(['/bin/busybox', 'ping', '-c1', '-W2', '10.123.0.1']));
  expect((await finish(ping)).exit).toMatchObject({ exitCode: 0 });
  await running.signal(9);
  await running.exited;
});

test('an interface on a bridge that is not there fails the start', async () => {
  const network = { ...planInterface(6), bridge: 'absent' };
  await expect(engine.run(['true'], { network })).rejects.toMatchObject({ reason: 'START_FAILED' });
});

test('a filter is loaded, with and without no_new_privs, for root and for others', async () => {
  for (const changes of [{}, { noNewPrivileges: true }, { userId: 99, groupId: 99 }]) {
    const process = planProcess(
      ['sh', '-c', 'cat /proc/self/status; mount -t tmpfs x /x; /bin/busybox unshare -U true'],
      {
        ...planFilter('unshare'),
        ...changes,
      },
    );
    const { stdout, stderr } = await finish(
      await engine.spawner.startContainer({ ...engine.create().plan([]), process }),
    );
    expect(stdout).toMatch(/Seccomp:\t2/);
    expect(stderr).toMatch(/unshare.*Operation not permitted/);
  }
});
