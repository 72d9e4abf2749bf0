import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { engineNames } from '@berth/client';
import { createTemporaryDirectory } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { openFloor } from '../src/floor.ts';
import { openStopwatch } from '../src/stopwatch.ts';

function createLayer(root: string): string {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  symlinkSync('busybox', join(bin, 'true'));
  return root;
}

test('the floor program runs containers, as a whole program and resident, and leaves nothing', async () => {
  using directory = createTemporaryDirectory();
  using stopwatch = openStopwatch({ PATH: process.env.PATH });
  const name = `fl-${process.pid}`;
  const cgroup = join(dirname(engineNames(null).cgroupDir), `berth-${name}`);
  const bridge = `/sys/class/net/${name}`;
  {
    await using floor = await openFloor([createLayer(directory.path)], stopwatch);
    expect(existsSync(bridge)).toBe(true);
    for (const contestant of floor.contestants) {
      expect(await contestant.measure()).toBeGreaterThan(0);
      expect(await contestant.measure()).toBeGreaterThan(0);
    }
  }
  expect(existsSync(bridge)).toBe(false);
  expect(existsSync(cgroup)).toBe(false);
});

test('the stopwatch tells when a program fails', async () => {
  using stopwatch = openStopwatch({ PATH: process.env.PATH });
  expect(await stopwatch.time(['true'])).toBeGreaterThan(0);
  await expect(stopwatch.time(['sh', '-c', 'exit 3'])).rejects.toThrow('exited with 3');
  await expect(stopwatch.time(['/does/not/exist'])).rejects.toThrow('exited with 127');
});
