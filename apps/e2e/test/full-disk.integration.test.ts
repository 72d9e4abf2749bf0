import { readdirSync } from 'node:fs';
import { join } from 'node:path';
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

test('of what does not fit on the disk of the volumes nothing is half-made', async () => {
  const full = await startTestEngine({ diskLimits: { 'volume-service': 1_600_000 } });
  const dir = (name: string): string[] => readdirSync(join(full.paths.serviceDir('volume-service'), name));
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await full.berth(args);
    expect(code).not.toBe(0);
    return stderr;
  };
  try {
    // The image's files are more than the disk holds.
    const copying = ['run', '--rm', '-v', 'filled:/bin', 'busybox', 'true'];
    for (let round = 0; round < 2; round++) {
      expect(await refused(...copying)).toContain("copy the image's files into the volume: no space left on device");
      expect(dir('volumes/filled/_data')).toEqual([]);
    }
    const write = ['sh', '-c', 'head -c 800000 /dev/urandom >/v/file'];
    expect((await full.berth(['run', '--rm', '-v', 'large:/v', 'busybox', ...write])).code).toBe(0);
    expect(await refused('volume', 'cp', 'large', 'copy')).toMatch(/no space left on device/i);
    expect(await refused('volume', 'restore', 'filled', 'large')).toMatch(/no space left on device/i);
    await full.berth(['run', '--rm', '-v', 'large:/v', 'busybox', 'dd', 'if=/dev/zero', 'of=/v/rest']);
    const labels = ['a', 'b', 'c'].flatMap((name) => ['--label', `${name}=${'x'.repeat(100_000)}`]);
    expect(await refused('volume', 'create', ...labels, 'more')).toMatch(/no space left on device/i);
    expect([dir('volumes').sort(), dir('trash')]).toEqual([['filled', 'large'], []]);
    // Removal is what makes room.
    expect(await full.berth(['volume', 'rm', 'filled'])).toMatchObject({ code: 0, stdout: 'filled\n' });
    const { code, stdout } = await full.berth(['volume', 'prune', '-af']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Deleted Volumes:\nlarge\n\nTotal reclaimed space: [1-9]/),
    ]);
    expect([dir('volumes'), dir('trash')]).toEqual([[], []]);
  } finally {
    await full.stop();
  }
});
