import { expect, test } from '@jest/globals';
import { ContainerConfig, Resources } from '@berth/proto/container';
import { kernelJson, resourcesJson } from './resources-json.ts';

test('limits and devices are shown as docker names them', () => {
  const config = ContainerConfig.fromPartial({
    sysctls: { 'net.core.somaxconn': '1' },
    devices: [{ hostPath: '/dev/a', containerPath: '/dev/b', permissions: 'r' }],
    resources: Resources.fromPartial({
      memoryBytes: 8n << 20n,
      shmSizeBytes: 1024n,
      deviceReadBps: [{ path: '/dev/a', rate: 5n }],
      ulimits: [{ name: 'nofile', soft: 1n, hard: -1n }],
    }),
  });
  expect(resourcesJson(config)).toMatchObject({
    Memory: 8_388_608,
    BlkioDeviceReadBps: [{ Path: '/dev/a', Rate: 5 }],
    Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' }],
    Ulimits: [{ Name: 'nofile', Hard: -1, Soft: 1 }],
    OomKillDisable: null,
    PidsLimit: null,
  });
  expect(kernelJson(config)).toEqual({ ShmSize: 1024, Sysctls: { 'net.core.somaxconn': '1' } });
  expect(kernelJson(undefined)).toEqual({ ShmSize: 67_108_864 });
});
