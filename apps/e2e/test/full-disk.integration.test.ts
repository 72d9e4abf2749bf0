import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildTestImage, pushImage, startTestEngine, type TestEngine } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { layerDirectories } from './support/find-leftovers.ts';
import { BUSYBOX_LAYER } from './support/layered-image.ts';
import { useRegistry } from './support/use-engine.ts';

const registry = useRegistry();
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine({ diskLimits: { 'image-service': 24 * 1024 * 1024 } });
});
afterAll(() => engine.stop());

test('a layer that does not fit is refused with a clear error, and its room is free again', async () => {
  const big = buildTestImage({ layers: [BUSYBOX_LAYER, [{ path: 'big', content: Buffer.alloc(40 << 20) }]] });
  const small = buildTestImage({
    layers: [BUSYBOX_LAYER, [{ path: 'small', content: 'fits' }]],
    config: { Env: ['PATH=/bin'] },
  });
  await pushImage({ host: registry.host, repository: 'big', tag: 'latest' }, big);
  await pushImage({ host: registry.host, repository: 'small', tag: 'latest' }, small);
  const before = layerDirectories(engine);

  const refused = await engine.berth(['pull', `${registry.host}/big`]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/no space left on device/i);
  expect((await engine.berth(['images', '-q', `${registry.host}/big`])).stdout).toBe('');
  expect(layerDirectories(engine).length - before.length).toBeLessThanOrEqual(1);

  const result = await engine.berth(['run', '--rm', `${registry.host}/small`, 'cat', '/small']);
  expect(result).toMatchObject({ code: 0, stdout: 'fits' });
  await expectNothingLeft(engine);
});
