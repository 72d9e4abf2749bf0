import { readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NetworkInterface } from '@berth/proto/native';
import { openFilesOf } from './open-files.ts';
import { eventually, finish, startTestEngine, type TestEngine } from './test-engine.ts';
import { planFilter, planProcess } from './test-plan.ts';

const NETWORK = {
  bridge: 'bt0',
  address: '10.123.0.1',
  prefixLength: 24,
  table: 'bt',
  forward: true,
  publishedPorts: [],
};

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

function forksOf(spawner: number): number[] {
  return readFileSync(`/proc/${spawner}/task/${spawner}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Default routes by the interface that reaches the gateway. */
const ANY_WAY = { gatewayInterface: '', gateway6Interface: '', nameServer: '' };

/** The network namespaces that a process has descriptors of. */
function networksHeldBy(pid: number): string[] {
  return openFilesOf(pid).filter((target) => target.startsWith('net:'));
}

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
    isolated: false,
    kind: '',
    mode: 0,
    flags: 0,
    linkLocalAddresses: [],
    sysctls: [],
    address6: '',
    prefixLength6: 0,
    gateway6: '',
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

test('a start after a quiet moment gets the network namespace that was made meanwhile, and nobody keeps it', async () => {
  await engine.run(['true']);
  const { pid: spawner } = await engine.spawner.ping();
  await eventually(() => forksOf(spawner).some((fork) => networksHeldBy(fork).length === 2), 'a spare was made');
  const spares = forksOf(spawner).flatMap(networksHeldBy);
  const container = engine.create();
  const running = await engine.spawner.startContainer(container.plan(['sleep', '1000'], { network: planInterface(9) }));
  expect(spares).toContain(readlinkSync(`/proc/${running.started.pid}/ns/net`));
  expect(networksHeldBy(running.started.keeperPid)).toEqual([]);
  await eventually(() => forksOf(spawner).some((fork) => networksHeldBy(fork).length === 2), 'the next spare was made');
  const exec = await engine.spawner.startExec(container.planExec(['sleep', '1000']));
  expect(networksHeldBy(exec.started.keeperPid)).toEqual([]);
  await running.signal(9);
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
  await expect(engine.run(['true'], { network })).rejects.toMatchObject({ reason: 'NETWORK_MISSING' });
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

const SECOND = {
  bridge: 'bt1',
  address: '10.124.0.1',
  prefixLength: 24,
  table: 'bt',
  address6: 'fd00:124::1',
  prefixLength6: 64,
  forward6: false,
};

function planSecond(number: number, changes: Partial<NetworkInterface> = {}): NetworkInterface {
  const address = `10.124.0.${number}`;
  const hardwareAddress = Buffer.of(2, 0x42, 10, 124, 0, number);
  const ipv6 = { address6: `fd00:124::${number}`, prefixLength6: 64 };
  const own = { hostName: `bw${number}`, name: 'eth1', bridge: 'bt1', address, hardwareAddress, ...ipv6 };
  return { ...planInterface(number), ...own, gateway: '', ...changes };
}

describe('a further network', () => {
  beforeAll(() => engine.spawner.ensureBridge({ ...SECOND, masquerade: true, internal: false, mtu: 1400 }));
  afterAll(() => engine.spawner.removeBridge({ bridge: 'bt1', table: 'bt' }));

  test('is there from the start, with its own MTU', async () => {
    const script =
      '/bin/busybox ip -o addr; /bin/busybox ip route; /bin/busybox ping -c1 -W2 10.124.0.1; /bin/busybox ping -c1 -W2 fd00:124::1';
    const interfaces = { network: planInterface(20), furtherNetworks: [planSecond(20, { mtu: 1400 })] };
    const { stdout } = await engine.run(['sh', '-c', script], interfaces);
    expect(stdout).toMatch(/eth0\s+inet 10.123.0.20\/24[^]*eth1\s+inet 10.124.0.20\/24/);
    expect(stdout).toContain('default via 10.123.0.1 dev eth0');
    expect(stdout.match(/1 packets received/g)).toHaveLength(2);
    expect(stdout).not.toMatch(/eth0\s+inet6/);
  });

  test('is given to a container that runs, and taken from it; the default route follows', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(
      container.plan(['sleep', '1000'], { network: planInterface(21) }),
    );
    const show = async () => {
      const script = '/bin/busybox ip -o -4 addr; /bin/busybox ip route; /bin/busybox ip -6 route';
      return (await finish(await engine.spawner.startExec(container.planExec(['sh', '-c', script])))).stdout;
    };
    const { stateDir } = container.places;
    await engine.spawner.connectContainer({
      stateDir,
      ...ANY_WAY,
      interface: planSecond(21),
      gateway: '10.124.0.1',
      gateway6: 'fd00:124::1',
    });
    expect(await show()).toMatch(/eth1\s+inet 10.124.0.21\/24[^]*default via 10.124.0.1 dev eth1/);
    expect(await show()).toMatch(/default via fd00:124::1 dev eth1/);
    const gone = {
      ...ANY_WAY,
      stateDir,
      hostInterface: 'bw21',
      gateway: '10.123.0.1',
      gateway6: '',
      interfaceName: '',
    };
    await engine.spawner.disconnectContainer(gone);
    await engine.spawner.disconnectContainer({ ...gone, gateway: '' });
    expect(await show()).toMatch(/^(?![^]*eth1)[^]*default via 10.123.0.1 dev eth0/);
    await running.signal(9);
    await running.exited;
    await expect(
      engine.spawner.connectContainer({ ...ANY_WAY, stateDir, interface: planSecond(21), gateway: '', gateway6: '' }),
    ).rejects.toMatchObject({ reason: 'CONTAINER_NOT_RUNNING' });
  });

  test('keeps isolated neighbours apart', async () => {
    const isolated = { hostName: 'bw30', isolated: true };
    const first = engine.create();
    const running = await engine.spawner.startContainer(
      first.plan(['sleep', '1000'], { network: planSecond(30, isolated) }),
    );
    const ping = ['sh', '-c', '/bin/busybox ping -c1 -W1 10.124.0.30 >&2; /bin/busybox ping -c1 -W2 10.124.0.1'];
    const apart = await engine.run(ping, { network: planSecond(31, { hostName: 'bw31', isolated: true }) });
    expect([apart.stderr.includes('100% packet loss'), apart.exit?.exitCode]).toEqual([true, 0]);
    const beside = await engine.run(['/bin/busybox', 'ping', '-c1', '-W2', '10.124.0.30'], { network: planSecond(32) });
    expect(beside.exit?.exitCode).toBe(0);
    await running.signal(9);
    await running.exited;
  });

  test('has a bridge that is remade, and gone when it is removed', async () => {
    const bridge = { ...SECOND, bridge: 'bt2', address: '10.125.0.1', masquerade: false, internal: true, mtu: 0 };
    await engine.spawner.ensureBridge(bridge);
    await engine.spawner.ensureBridge(bridge);
    await engine.spawner.removeBridge({ bridge: 'bt2', table: 'bt' });
    await engine.spawner.removeBridge({ bridge: 'bt2', table: 'bt' });
    const interfaces = { network: planSecond(40, { bridge: 'bt2' }) };
    await expect(engine.run(['true'], interfaces)).rejects.toMatchObject({ reason: 'NETWORK_MISSING' });
  });

  test('goes with its engine, and with no other', async () => {
    await engine.spawner.ensureBridge({
      ...SECOND,
      bridge: 'bt3',
      table: 'bt',
      masquerade: false,
      internal: false,
      mtu: 0,
    });
    const attempt = () => engine.run(['true'], { network: planSecond(50, { bridge: 'bt3' }) });
    await engine.spawner.removeNetwork({ bridge: 'bt9', table: 'b', unifiedDir: '', legacyDirs: [] });
    expect((await attempt()).exit?.exitCode).toBe(0);
    await engine.spawner.removeNetwork({ bridge: 'bt0', table: 'bt', unifiedDir: '', legacyDirs: [] });
    await expect(attempt()).rejects.toMatchObject({ reason: 'NETWORK_MISSING' });
  });
});

describe('a macvlan interface', () => {
  beforeAll(() => engine.spawner.ensureNetwork({ ...NETWORK, publishedPorts: [] }));
  // The bridge of the other tests is as good a parent as another interface.
  const macvlan = { hostName: 'none', kind: 'macvlan', mode: 4 };
  const ipv6 = (number: number) => ({ address6: `fd00:123::${number}`, prefixLength6: 64 });
  const plan = (number: number): NetworkInterface => ({ ...planInterface(number), ...macvlan, ...ipv6(number) });

  test('reaches its neighbours on the same parent', async () => {
    // A bridge has a carrier as long as it has a port.
    const [port, first] = [engine.create(), engine.create()];
    const carrying = await engine.spawner.startContainer(port.plan(['sleep', '1000'], { network: planInterface(59) }));
    const running = await engine.spawner.startContainer(first.plan(['sleep', '1000'], { network: plan(60) }));
    const ping = '/bin/busybox ping -c1 -W2 10.123.0.60 && /bin/busybox ping -c1 -W2 fd00:123::60';
    const { exit } = await engine.run(['sh', '-c', ping], { network: plan(61) });
    expect(exit?.exitCode).toBe(0);
    for (const each of [carrying, running]) {
      await each.signal(9);
      await each.exited;
    }
  });

  test('is given to a container that runs, and taken from it', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    const list = async () => {
      const exec = container.planExec(['/bin/busybox', 'ls', '/proc/sys/net/ipv4/conf']);
      return (await finish(await engine.spawner.startExec(exec))).stdout;
    };
    const { stateDir } = container.places;
    const connection = { ...ANY_WAY, stateDir, interface: { ...plan(62), gateway: '' }, gateway: '', gateway6: '' };
    await engine.spawner.connectContainer(connection);
    expect(await list()).toContain('eth0');
    const gone = { ...ANY_WAY, stateDir, hostInterface: '', gateway: '', gateway6: '', interfaceName: 'eth0' };
    await engine.spawner.disconnectContainer(gone);
    await engine.spawner.disconnectContainer(gone);
    expect(await list()).not.toContain('eth0');
    await running.signal(9);
    await running.exited;
  });
});
