import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { MountType } from '@berth/proto/container';
import { waitFor } from '@berth/testkit';
import { describe, expect, test } from '@jest/globals';
import { aMount, type TestContainers } from './support/containers.ts';
import { useContainers } from './support/use-containers.ts';

let containers: TestContainers;

useContainers((started) => ({ containers } = started));

const sh = (script: string): string[] => ['sh', '-c', script];

/** The lines of /proc/self/status that begin with one of the names. */
const status = (...names: string[]): string[] => ['grep', '-E', `^(${names.join('|')}):`, '/proc/self/status'];

test('a container sees what Docker shows it', async () => {
  const script = [
    'grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t"',
    'umask',
    'ls /proc/1/fd',
    'awk \'$5 ~ "^/(proc|dev|sys|etc)" { print $5, $6 }\' /proc/self/mountinfo',
    'ls /dev | tr "\\n" " "; echo',
    'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/keys /proc/kcore | head -c 100',
    'env | sort | cut -d= -f1 | tr "\\n" " "',
  ];
  const { stdout } = await containers.run(sh(script.join('\n')));
  const lines = stdout.split('\n');
  expect(lines.slice(0, 7)).toEqual([
    'CapInh:0000000000000000',
    'CapPrm:00000000a80425fb',
    'CapEff:00000000a80425fb',
    'CapBnd:00000000a80425fb',
    'CapAmb:0000000000000000',
    'NoNewPrivs:0',
    'Seccomp:2',
  ]);
  expect(lines.slice(7, 12)).toEqual(['0022', '0', '1', '2', expect.stringContaining('/')]);
  expect(lines).toEqual(
    expect.arrayContaining([
      '/proc rw,nosuid,nodev,noexec,relatime',
      '/dev rw,nosuid',
      '/dev/pts rw,nosuid,noexec,relatime',
      '/sys ro,nosuid,nodev,noexec,relatime',
      '/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime',
      '/dev/mqueue rw,nosuid,nodev,noexec,relatime',
      '/dev/shm rw,nosuid,nodev,noexec,relatime',
      '/proc/sys ro,nosuid,nodev,noexec,relatime',
      '/proc/irq ro,nosuid,nodev,noexec,relatime',
    ]),
  );
  expect(lines.filter((line) => /^\/(proc\/(kcore|keys)|sys\/firmware) ro,/.test(line)).length).toBeGreaterThan(1);
  expect(lines).toContain('core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ');
  expect(lines.slice(-2)).toEqual(['0', 'HOME HOSTNAME PATH PWD SHLVL ']);
});

describe('privileges', () => {
  test('are added and dropped, and who is not root has them in the bounding set alone', async () => {
    const config = { capabilitiesAdd: ['net_admin'], capabilitiesDrop: ['ALL'] };
    const root = await containers.run(status('CapEff', 'CapBnd'), { config });
    expect(root.stdout).toBe('CapEff:\t0000000000001000\nCapBnd:\t0000000000001000\n');
    const other = await containers.run(status('CapPrm', 'CapBnd', 'Groups'), {
      config: { user: '1000', additionalGroups: ['4242', 'tty'] },
    });
    expect(other.stdout).toBe('Groups:\t0 5 4242 \nCapPrm:\t0000000000000000\nCapBnd:\t00000000a80425fb\n');
    const unknown = containers.run(['true'], { config: { capabilitiesAdd: ['FLY'] } });
    await expect(unknown).rejects.toThrow('invalid CapAdd: unknown capability: "CAP_FLY"');
  });

  test('of a privileged container: all that the helper has, devices, and nothing hidden', async () => {
    const script =
      'grep -E "^(Seccomp):" /proc/self/status; mkdir /m; mount -t tmpfs x /m && echo mounted; ls /dev/loop-control; ' +
      'grep -c " /proc/sys " /proc/self/mountinfo; grep " /sys sysfs\\| /sys rw" /proc/self/mountinfo | wc -l; ' +
      'head -c 1 /dev/kmsg >/dev/null && echo kmsg';
    const { stdout } = await containers.run(sh(script), { config: { privileged: true } });
    const devices = readdirSync('/dev');
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['Seccomp:\t0', 'mounted', '0', '1']));
    if (devices.includes('kmsg')) expect(stdout).toContain('kmsg');
    expect(readdirSync('/sys/fs/cgroup').length).toBeGreaterThan(0);
  });

  test('of an exec: privileged in a container that is not, with the filter of its capabilities', async () => {
    const id = await containers.startDetached('sleep 60');
    const script = 'grep -E "^(CapBnd|Seccomp):" /proc/self/status; mkdir -p /m; mount -t tmpfs x /m && echo mounted';
    const { stdout } = await containers.exec(id, sh(script), { privileged: true });
    const own = /CapBnd:\t(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(stdout).toBe(`CapBnd:\t${own}\nSeccomp:\t2\nmounted\n`);
    expect((await containers.exec(id, sh(script))).stdout).toBe('CapBnd:\t00000000a80425fb\nSeccomp:\t2\n');
  });

  test('control groups can be written where that is asked for', async () => {
    const script = 'mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo made';
    expect((await containers.run(sh(script))).stderr).toContain('Read-only file system');
    expect((await containers.run(sh(script), { config: { writableCgroups: true } })).stdout).toBe('made\n');
  });

  test('the filter follows the capabilities that are added and dropped', async () => {
    const script = 'grep Seccomp: /proc/self/status; hostname x && echo named; chroot / true && echo moved';
    const added = await containers.run(sh(script), { config: { capabilitiesAdd: ['SYS_ADMIN'] } });
    expect(added.stdout).toBe('Seccomp:\t2\nnamed\nmoved\n');
    expect(added.exit).toMatchObject({ exitCode: 0 });
    const dropped = await containers.run(sh(script), { config: { capabilitiesDrop: ['ALL'] } });
    expect(dropped.stdout).toBe('Seccomp:\t2\n');
  });

  test('a profile of the user is the filter of the container and of its execs', async () => {
    const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 };
    const seccompProfile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] });
    const id = await containers.startDetached('sleep 60', { config: { seccompProfile } });
    for (const privileged of [false, true]) {
      const { stderr } = await containers.exec(id, ['mkdir', '/x'], { privileged });
      expect(stderr).toContain('Operation not supported');
    }
    expect((await containers.get(id)).config).toMatchObject({ seccompProfile });
    const config = { seccompProfile, privileged: true };
    const privileged = await containers.run(['mkdir', '/x'], { config });
    expect(privileged.stderr).toContain('Operation not supported');
    const inPrivileged = await containers.exec(await containers.startDetached('sleep 60', { config }), ['mkdir', '/x']);
    expect(inPrivileged.stderr).toContain('Operation not supported');
  });

  test('a profile that lets nothing through fails the start, and one that is none the creation', async () => {
    const start = (seccompProfile: string) => containers.run(['true'], { config: { seccompProfile } });
    for (const action of ['SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP']) {
      await expect(start(JSON.stringify({ defaultAction: action }))).rejects.toMatchObject({
        reason: 'START_FAILED',
        message: expect.stringContaining('died before it could run its command'),
      });
    }
    await expect(start('{"defaultAction":"X"}')).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Decoding seccomp profile failed: defaultAction'),
    });
  });

  test('no filter, and open system paths, when asked for', async () => {
    const config = { seccompProfile: 'unconfined', systemPathsUnconfined: true };
    const script = 'grep Seccomp: /proc/self/status; grep -c " /proc/" /proc/self/mountinfo';
    const { stdout, id } = await containers.run(sh(script), { config });
    expect(stdout).toBe('Seccomp:\t0\n0\n');
    expect(await containers.get(id)).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
  });
});

test('a read-only root lets only the tmpfs be written, with the options asked for', async () => {
  const tmpfs = aMount({
    type: MountType.TMPFS,
    source: '',
    target: '/t',
    readonly: false,
    tmpfsOptions: 'size=1m,mode=1770,exec',
  });
  const script =
    'touch /x /etc/hosts 2>&1 | grep -c "Read-only"; touch /t/x && stat -c %a /t; grep " /t " /proc/self/mountinfo | sed "s/.* tmpfs rw,//;s/inode64//;s/,$//" ';
  const { stdout } = await containers.run(sh(script), { config: { readonlyRoot: true, mounts: [tmpfs] } });
  expect(stdout).toBe('2\n1770\nsize=1024k,mode=1770\n');
});

test('names are what the user gives', async () => {
  const config = {
    hostname: 'web',
    domainName: 'lan',
    extraHosts: ['db:10.0.0.9'],
    dnsServers: ['192.0.2.1'],
    dnsSearch: ['example.org'],
    dnsOptions: ['ndots:2'],
  };
  const script = 'cat /etc/resolv.conf; grep db /etc/hosts; cat /proc/sys/kernel/domainname; hostname';
  const { stdout } = await containers.run(sh(script), { config });
  expect(stdout).toBe('nameserver 192.0.2.1\nsearch example.org\noptions ndots:2\n10.0.0.9\tdb\nlan\nweb\n');
});

describe('namespaces', () => {
  const kinds = ['pid', 'net', 'ipc', 'uts', 'mnt'];
  const show = sh(`for kind in ${kinds.join(' ')}; do readlink /proc/self/ns/$kind; done`);

  test('of the host', async () => {
    const config = { networkMode: 'host', pidMode: 'host', ipcMode: 'host', utsMode: 'host' };
    const { stdout } = await containers.run(show, { config });
    const host = kinds.map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    expect(stdout.trim().split('\n').slice(0, 4)).toEqual(host.slice(0, 4));
    expect(stdout).not.toContain(host[4]);
  });

  test('of another container, which an exec enters too', async () => {
    const donor = await containers.startDetached('echo 1 > /dev/shm/mark; hostname > /etc/mark; sleep 60', {
      name: 'donor',
      config: { ipcMode: 'shareable', extraHosts: ['db:10.0.0.9'] },
    });
    const config = { networkMode: 'container:donor', pidMode: 'container:donor', ipcMode: 'container:donor' };
    const id = await containers.startDetached('sleep 60', { config });
    const theirs = (await containers.exec(donor, show)).stdout.trim().split('\n');
    const ours = (await containers.exec(id, show)).stdout.trim().split('\n');
    expect(ours.slice(0, 3)).toEqual(theirs.slice(0, 3));
    expect(ours[4]).not.toBe(theirs[4]);
    const script =
      'cat /dev/shm/mark; grep -c "db$" /etc/hosts; hostname; ls /etc/mark; ps | grep -q "[s]leep 60" && echo seen';
    const { stdout } = await containers.exec(id, sh(script));
    expect(stdout).toBe(`1\n1\n${donor.slice(0, 12)}\nseen\n`);
    const { networkMode, pidMode } = (await containers.get(id)).config ?? {};
    expect([networkMode, pidMode]).toEqual([`container:${donor}`, `container:${donor}`]);
  });

  test('of a container that does not run, or does not share, cannot be joined', async () => {
    const stopped = await containers.run(['true'], { name: 'stopped' });
    const join = containers.run(['true'], { config: { networkMode: 'container:stopped' } });
    await expect(join).rejects.toThrow(`cannot join network of a non running container: ${stopped.id}`);
    await containers.startDetached('sleep 60', { name: 'private' });
    const ipc = containers.run(['true'], { config: { ipcMode: 'container:private' } });
    await expect(ipc).rejects.toThrow('non-shareable IPC (hint: use IpcMode:shareable for the donor container)');
    await expect(containers.run(['true'], { config: { pidMode: 'container:none' } })).rejects.toThrow(
      'No such container: none',
    );
  });

  test('a container in another’s pid namespace takes all its processes along when it ends', async () => {
    const donor = await containers.startDetached('sleep 60', {});
    const config = { pidMode: `container:${donor}` };
    await containers.run(sh('sleep 4321 & sleep 0.1; exit 0'), { config });
    await waitFor(async () => !(await containers.exec(donor, ['ps'])).stdout.includes('sleep 4321'), {
      what: 'the end of the orphan',
    });
  });
});

describe('an init', () => {
  test('reaps orphans, passes signals on, and exits as its child does', async () => {
    const script =
      'trap "exit 42" TERM; (sh -c "sleep 0.1 & exit") ; sleep 0.3; grep -l "^State:.Z" /proc/[0-9]*/status | wc -l; echo ready; while :; do sleep 0.1; done';
    const id = await containers.startDetached(script, { config: { init: true } });
    await waitFor(async () => (await containers.logs(id)).includes('ready'), { what: 'readiness' });
    expect(await containers.logs(id)).toBe('0\nready\n');
    expect((await containers.exec(id, ['cat', '/proc/1/comm'])).stdout).toBe('docker-init\n');
    await containers.client.stopContainer({ container: id, timeoutSeconds: 10, signal: '' });
    expect((await containers.get(id)).exitCode).toBe(42);
  });
});
