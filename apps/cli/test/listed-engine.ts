import { BerthError } from '@berth/errors';
import { ContainerStatus, MountType, type Container, type DeepPartial } from '@berth/proto/container';
import type { FakeMethods } from './fake-services.ts';
import { ago } from './use-fake-engine.ts';

// Two containers, their images and a volume, as a fake engine lists them.

export const WEB = 'a1'.repeat(32);
export const OLD = 'c3'.repeat(32);
export const IMAGE = `sha256:${'b2'.repeat(32)}`;
const HOUR = 3600;

export const APP = 'registry.example.com:5000/team/app:v1';
export const APP_IMAGE = `sha256:${'d4'.repeat(32)}`;

export const CONTAINERS: DeepPartial<Container>[] = [
  {
    id: WEB,
    name: 'web',
    config: { image: 'busybox', command: ['sh', '-c', 'echo hello world'], terminal: true, openStdin: true },
    imageId: IMAGE,
    arguments: ['sh', '-c', 'echo hello world; sleep 1000'],
    status: ContainerStatus.RUNNING,
    pid: 42,
    createTime: ago(2 * HOUR),
    startTime: ago(2 * HOUR),
    labels: { c: 'd', a: 'b' },
    networks: [{ network: 'bridge', address: '172.17.0.2', prefixLength: 16, gateway: '172.17.0.1' }],
    exposedPorts: ['80/tcp'],
    mounts: [{ type: MountType.VOLUME, name: 'data', source: '/v/data', target: '/d' }],
  },
  {
    id: OLD,
    name: 'a_long_container_name_for_width',
    config: { image: APP },
    imageId: APP_IMAGE,
    arguments: ['/bin/"x"', 'ü', 'tést', 'lønger', 'than', 'twenty'],
    status: ContainerStatus.EXITED,
    exitCode: 137,
    createTime: ago(73 * HOUR),
    startTime: ago(73 * HOUR),
    finishTime: ago(72 * HOUR),
  },
];

export const LISTED = {
  container: {
    listContainers: async ({ all, limit }) => ({ containers: CONTAINERS.slice(0, limit || (all ? undefined : 1)) }),
    getContainer: async ({ container: name }) => {
      const container = CONTAINERS.find((each) => each.name === name);
      if (!container) throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${name}`);
      return { container };
    },
    getNetwork: async ({ network }) => {
      throw new BerthError('NETWORK_NOT_FOUND', `network ${network} not found`);
    },
  },
  image: {
    listImages: async () => ({ images: [{}, {}, {}] }),
    getImage: async ({ name }) => {
      if (name === APP) return { image: { id: APP_IMAGE } };
      if (name !== 'busybox') throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${name}:latest`);
      const config = { config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: ['sha256:1'] }, author: 'me' };
      const tags = ['docker.io/library/busybox:latest'];
      return {
        image: { id: IMAGE, tags, platform: 'linux/amd64', config: Buffer.from(JSON.stringify(config)), sizeBytes: 1n },
      };
    },
  },
  volume: {
    listVolumes: async () => ({
      volumes: [
        { name: 'data', driver: 'local', labels: { x: 'y' }, containerIds: [WEB] },
        { name: 'spare', driver: 'local' },
      ],
    }),
    getVolume: async ({ name }) => {
      if (name !== 'data') throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
      const createTime = { seconds: 1_767_225_600n, nanos: 5 };
      return { volume: { name, driver: 'local', mountpoint: '/v/data', labels: { x: 'y' }, createTime } };
    },
  },
} satisfies FakeMethods;
