import { expect, test } from '@jest/globals';
import { resolvePaths } from './engine-paths.ts';

test("the host's engine lives in /var/lib and /run", () => {
  const paths = resolvePaths({});
  expect([paths.root, paths.stateDir, paths.socket('image-service')]).toEqual([
    null,
    '/var/lib/berth',
    '/run/berth/image-service.sock',
  ]);
});

test('BERTH_ROOT moves everything below it', () => {
  const paths = resolvePaths({ BERTH_ROOT: '/srv/b/' });
  expect([paths.root, paths.serviceDir('image-service'), paths.nativeSocket, paths.natsFile]).toEqual([
    '/srv/b',
    '/srv/b/lib/image-service',
    '/srv/b/run/native.sock',
    '/srv/b/run/nats.json',
  ]);
});

test('an empty BERTH_ROOT is none', () => {
  expect(resolvePaths({ BERTH_ROOT: '' }).root).toBeNull();
});
