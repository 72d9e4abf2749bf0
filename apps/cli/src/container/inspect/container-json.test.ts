import { expect, test } from '@jest/globals';
import { Container, ContainerStatus, MountType } from '@berth/proto/container';
import { containerJson } from './container-json.ts';

const ID = 'a1'.repeat(32);

const CONTAINER = Container.fromPartial({
  id: ID,
  name: 'web',
  config: {
    image: 'busybox',
    attachedStreams: ['stdout', 'stderr'],
    containerIdFile: '/tmp/cid',
    mounts: [
      { type: MountType.VOLUME, source: 'data', target: '/d', readonly: true, mode: 'ro' },
      { type: MountType.VOLUME, source: '', target: '/anonymous', mode: '' },
    ],
  },
  arguments: ['/entry', '-x', 'sh', '-c', 'id'],
  entrypointCount: 2,
  status: ContainerStatus.RUNNING,
  pid: 42,
  stopSignal: 'SIGTERM',
  exposedPorts: ['80/tcp', '53/udp'],
  publishedPorts: [{ containerPort: '80/tcp', hostAddress: '0.0.0.0', hostPort: 32768 }],
  execIds: ['e1'],
  networks: [{ network: 'bridge', address: '172.17.0.2', prefixLength: 16 }],
  nameFiles: { resolvConf: '/c/resolv.conf', hostname: '/c/hostname', hosts: '/c/hosts' },
  mounts: [
    { type: MountType.VOLUME, name: 'data', source: '/v/data', target: '/d', readonly: true },
    { type: MountType.VOLUME, name: 'f0', source: '/v/f0', target: '/anonymous' },
    { type: MountType.VOLUME, name: 'f1', source: '/v/f1', target: '/of-the-image' },
  ],
});

// The keys of Docker 28.5's answer, in its order.
test.each([
  [
    '',
    'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel ' +
      'AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  ],
  ['State', 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt'],
  [
    'HostConfig',
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize CapAdd CapDrop ' +
      'CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ' +
      'ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight ' +
      'BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota ' +
      'CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap ' +
      'MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths',
  ],
  ['GraphDriver', 'Data Name'],
  [
    'Config',
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir ' +
      'Entrypoint OnBuild Labels',
  ],
  [
    'NetworkSettings',
    'Bridge SandboxID SandboxKey Ports HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen SecondaryIPAddresses SecondaryIPv6Addresses ' +
      'EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress Networks',
  ],
])('the keys of %s are those of Docker', (section, keys) => {
  const json = containerJson({ ...CONTAINER, rootDirectories: { lower: ['/l'], upper: '/u', work: '/w' } });
  const shown = section === '' ? json : json[section];
  expect(Object.keys(shown as object)).toEqual(keys.split(' '));
});

test('what the user, the image and the kernel gave is told apart', () => {
  expect(containerJson(CONTAINER)).toMatchObject({
    Path: '/entry',
    Args: ['-x', 'sh', '-c', 'id'],
    ExecIDs: ['e1'],
    ResolvConfPath: '/c/resolv.conf',
    Config: {
      Entrypoint: ['/entry', '-x'],
      Cmd: ['sh', '-c', 'id'],
      AttachStdin: false,
      AttachStdout: true,
      ExposedPorts: { '53/udp': {}, '80/tcp': {} },
      Volumes: { '/anonymous': {}, '/of-the-image': {} },
    },
    HostConfig: { Binds: ['data:/d:ro'], ContainerIDFile: '/tmp/cid' },
    NetworkSettings: {
      SandboxKey: '/proc/42/ns/net',
      Ports: { '53/udp': null, '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '32768' }] },
      IPPrefixLen: 16,
    },
  });
  expect(containerJson({ ...CONTAINER, arguments: ['sh'], entrypointCount: 0 })).toMatchObject({
    Config: { Entrypoint: null, Cmd: ['sh'] },
  });
});

test('what --mount asked for is told apart from what -v and --tmpfs did', () => {
  const { TMPFS, VOLUME, BIND } = MountType;
  const asked = [
    { type: BIND, source: '/a', target: '/b', readonly: true, propagation: 'rslave', recursion: 'writable' },
    { type: VOLUME, source: 'v', target: '/v', noCopy: true, volumeLabels: { a: 'b' }, driverOptions: { o: 'x' } },
    { type: TMPFS, target: '/t', tmpfsOptions: 'size=2048,mode=1770' },
    { type: TMPFS, target: '/u', tmpfsOptions: 'size=1m', mode: '' },
    { type: BIND, source: '/c', target: '/d', mode: 'ro,z', readonly: true },
  ];
  const mounts = asked.map(({ type, source = '', target }) => ({ type, source, target, mode: 'm', propagation: 'p' }));
  const container = Container.fromPartial({ id: ID, config: { mounts: asked, volumesFrom: ['web:ro'] }, mounts });
  expect(containerJson(container)).toMatchObject({
    HostConfig: {
      Binds: ['/c:/d:ro,z'],
      Tmpfs: { '/u': 'size=1m' },
      VolumesFrom: ['web:ro'],
      Mounts: [
        {
          Type: 'bind',
          Source: '/a',
          Target: '/b',
          ReadOnly: true,
          BindOptions: { Propagation: 'rslave', ReadOnlyNonRecursive: true },
        },
        {
          Type: 'volume',
          Source: 'v',
          Target: '/v',
          VolumeOptions: { NoCopy: true, Labels: { a: 'b' }, DriverConfig: { Options: { o: 'x' } } },
        },
        { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 2048, Mode: 0o1770 } },
      ],
    },
    Mounts: ['/b', '/v', '/t', '/d'].map((target) => ({ Destination: target, Mode: 'm', Propagation: 'p' })),
  });
});

test.each([
  [
    { securityOptions: ['seccomp=unconfined', 'no-new-privileges=false'] },
    ['seccomp=unconfined', 'no-new-privileges=false'],
  ],
  [{ securityOptions: ['label=disable'], privileged: true }, ['label=disable']],
  [{ securityOptions: ['apparmor=x'], pidMode: 'host' }, ['apparmor=x', 'label=disable']],
  [{ noNewPrivileges: true, seccompProfile: '{}' }, ['no-new-privileges', 'seccomp={}']],
  [{}, null],
])('the security options of %j are %j', (config, expected) => {
  expect(containerJson(Container.fromPartial({ ...CONTAINER, config }))).toMatchObject({
    HostConfig: { SecurityOpt: expected },
  });
});
