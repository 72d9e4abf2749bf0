import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { killComponent, runProgram, waitFor } from '@berth/testkit';
import { berth, engine, sh } from './engine.ts';

const stateDir = (): string => engine().paths.serviceDir('volume-service');
const layerTool = join(process.cwd(), 'libs/layers/native/build/berth-layer');

/** What berth-layer says of the directory of a volume. */
function quotaOf(volume: string): string {
  const dir = join(stateDir(), 'volumes', volume, '_data');
  return execFileSync('sh', ['-c', '"$0" usage "$1" || true', layerTool, dir], { encoding: 'utf8' });
}

/** How many MiB go into a volume until it takes no more. */
async function fill(volume: string): Promise<{ mib: number; stderr: string }> {
  // No zeros: a copy makes holes of them.
  const script = 'yes | dd of=/v/file bs=64k count=192 iflag=fullblock; stat -c %s /v/file';
  const { stdout, stderr } = await sh(script, '-v', `${volume}:/v`);
  return { mib: Number(stdout.trim()) / (1 << 20), stderr };
}

test('a volume takes what its size allows and no more, and says what is used', async () => {
  await berth('volume', 'create', '-o', 'size=8M', 'small');
  const { mib, stderr } = await fill('small');
  assert.match(stderr, /Disk quota exceeded|No space left on device/);
  assert(mib > 6 && mib <= 8, `${mib} MiB`);
  assert.match(await berth('volume', 'ls', '-s', '-f', 'name=small'), /\b[78](\.\d+)?MB/);
});

test('a copy, a snapshot and what is restored have the limit too, each for itself', async () => {
  await berth('volume', 'cp', 'small', 'small-copy');
  await berth('volume', 'snapshot', 'small', 'small-then');
  await sh('rm /v/file', '-v', 'small:/v');
  assert((await fill('small')).mib <= 8);
  await berth('volume', 'restore', 'small', 'small-then');
  for (const name of ['small', 'small-copy', 'small-then']) {
    assert.match(quotaOf(name), /usage/);
    assert((await fill(name)).mib <= 8, name);
  }
  // Too large for whom it is to be restored into: refused, and that one stays as it was.
  await berth('volume', 'create', '-o', 'size=1M', 'tiny');
  const refused = await engine().berth(['volume', 'restore', 'tiny', 'small']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /quota exceeded|no space left/i);
  await berth('volume', 'rm', 'small', 'small-copy', 'small-then', 'tiny');
});

test('no kill leaves a volume without its limit', async () => {
  for (let round = 0; round < 2; round++) {
    const names = Array.from({ length: 4 }, (_, index) => `k${round}-${index}`);
    const calls = names.map((name) => engine().berth(['volume', 'create', '-o', 'size=1M', name]));
    await sleep(300 + round * 600);
    await killComponent(engine(), 'volume-service');
    await engine().start();
    await Promise.all(calls);
    const made = (await berth('volume', 'ls', '-q', '-f', `name=k${round}-`)).split('\n').filter((name) => name !== '');
    for (const name of made) assert.match(quotaOf(name), /usage/, name);
    if (made.length > 0) await berth('volume', 'rm', ...made);
  }
  await waitFor(() => readdirSync(join(stateDir(), 'trash')).length === 0, { what: 'the end of the trash' });
  assert.deepEqual(
    readdirSync(join(stateDir(), 'volumes')).filter((name) => name.startsWith('k')),
    [],
  );
});

/** Changes what volume-service stands on while it does not run; what it has started ends a little later. */
async function withoutService(program: string, ...args: string[]): Promise<void> {
  await killComponent(engine(), 'volume-service');
  const isDone = async (): Promise<boolean> => (await runProgram(program, args)).code === 0;
  await waitFor(isDone, { what: `${program} ${args.join(' ')}` });
  await engine().start();
}

test('XFS keeps the size of a volume, and gives its copy one', async () => {
  await withoutService('mount', '-t', 'xfs', '-o', 'prjquota', '/dev/vdb', stateDir());
  try {
    await berth('volume', 'create', '-o', 'size=8M', 'small');
    const { mib, stderr } = await fill('small');
    assert.match(stderr, /No space left on device/);
    assert(mib > 6 && mib <= 8, `${mib} MiB`);
    assert.match(await berth('volume', 'ls', '-s', '-f', 'name=small'), /\b[78](\.\d+)?MB/);
    await berth('volume', 'cp', 'small', 'small-copy');
    assert.match(quotaOf('small-copy'), /usage/);
    await berth('volume', 'rm', 'small', 'small-copy');
    await waitFor(() => readdirSync(join(stateDir(), 'trash')).length === 0, { what: 'the end of the trash' });
  } finally {
    await withoutService('umount', stateDir());
  }
});
