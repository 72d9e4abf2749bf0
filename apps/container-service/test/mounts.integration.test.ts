import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MountType, type MountConfig } from '@berth/proto/container';
import { waitFor, type TestEngine } from '@berth/testkit';
import { describe, expect, test } from '@jest/globals';
import { aMount, DEFAULT_CONFIG, type TestContainers } from './support/containers.ts';
import { useContainers } from './support/use-containers.ts';

const sh = (script: string): string[] => ['sh', '-c', script];
/** A mount as `--mount` asks for it. */
const asked = (fields: Partial<MountConfig>): MountConfig => aMount({ mode: undefined, ...fields });
const { BIND, IMAGE, TMPFS } = MountType;

let engine: TestEngine;
let containers: TestContainers;
let dir: string;

useContainers((started) => {
  ({ engine, containers } = started);
  dir = join(engine.root, 'host');
});

/** Where a volume's data lies. */
const volumeDir = (name: string): string => join(engine.paths.serviceDir('volume-service'), 'volumes', name, '_data');

async function printed(script: string, mounts: MountConfig[]): Promise<string> {
  return (await containers.run(sh(script), { config: { mounts } })).stdout;
}

describe('a part of a volume', () => {
  test('is mounted alone, is not filled, and is no way out of the volume', async () => {
    await printed('mkdir -p /data/a/b; echo deep > /data/a/b/file; ln -s /etc /data/out; ln -s a/b /data/in', [
      aMount({ source: 'parts' }),
    ]);
    const part = (subpath: string): MountConfig[] => [asked({ source: 'parts', subpath, target: '/etc' })];
    expect(await printed('ls /etc', part('a/b'))).toBe('file\nhostname\nhosts\nresolv.conf\n');
    expect(await printed('cat /etc/file', part('in'))).toBe('deep\n');
    // In the volume /etc is nothing: the link does not lead to the host's.
    await expect(containers.run(sh('ls /etc'), { config: { mounts: part('out') } })).rejects.toMatchObject({
      reason: 'START_FAILED',
      message: expect.stringContaining('parts/_data/out: no such file or directory'),
    });
  });

  test('nocopy leaves a volume as it is', async () => {
    expect(
      await printed('ls -A /etc/passwd 2>/dev/null', [aMount({ source: 'bare', target: '/etc', noCopy: true })]),
    ).toBe('');
  });
});

describe('binds', () => {
  test('a source that is missing is made for -v, and refused for --mount, also at a later start', async () => {
    const source = join(dir, 'missing');
    const mounts = [asked({ type: BIND, source })];
    const text = `invalid mount config for type "bind": bind source path does not exist: ${source}`;
    await expect(containers.run(['true'], { config: { mounts } })).rejects.toMatchObject({ message: text });
    expect(existsSync(source)).toBe(false);
    const { id } = await containers.run(['true'], { config: { mounts: [aMount({ type: BIND, source })] } });
    rmSync(source, { recursive: true });
    await containers.client.startContainer({ container: id });
    expect(existsSync(source)).toBe(true);
  });

  test('read-only reaches the mounts below the source, unless it is said that it does not', async () => {
    const source = join(dir, 'tree');
    mkdirSync(join(source, 'sub'), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'test', join(source, 'sub')]);
    try {
      const script =
        'touch /data/x 2>/dev/null && echo top; touch /data/sub/x 2>/dev/null && echo sub; ls /data/sub | wc -l';
      const run = (fields: Partial<MountConfig>) =>
        printed(script, [asked({ type: BIND, source, readonly: true, ...fields })]);
      expect(await run({})).toBe('0\n');
      expect(await run({ recursion: 'readonly', propagation: 'rprivate' })).toBe('0\n');
      expect(await run({ recursion: 'writable' })).toBe('sub\n1\n');
      expect(await run({ recursion: 'disabled' })).toBe('0\n');
    } finally {
      execFileSync('umount', [join(source, 'sub')]);
    }
  });

  test('pass mounts on as their propagation says', async () => {
    const source = join(dir, 'shared');
    mkdirSync(join(source, 'from-host'), { recursive: true });
    mkdirSync(join(source, 'from-container'));
    const refused = containers.run(['true'], {
      config: { mounts: [aMount({ type: BIND, source, propagation: 'rshared', mode: 'rshared' })] },
    });
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(/^path .*\/shared is mounted on \/.* but it is not a shared mount$/),
    });
    execFileSync('mount', ['--bind', '--make-shared', source, source]);
    try {
      const mounts = ['rslave', 'rshared', 'rprivate'].map((propagation) =>
        aMount({ type: BIND, source, target: `/${propagation}`, propagation, mode: propagation }),
      );
      const id = await containers.startDetached('sleep 100', { config: { mounts, privileged: true } });
      expect((await containers.get(id)).mounts.map(({ propagation }) => propagation)).toEqual([
        'rslave',
        'rshared',
        'rprivate',
      ]);
      execFileSync('mount', ['-t', 'tmpfs', 'test', join(source, 'from-host')]);
      const mounted = async (name: string) =>
        (await containers.exec(id, sh(`grep -o " /r[a-z]*/${name} " /proc/self/mountinfo`))).stdout
          .split(/\s+/)
          .filter(Boolean)
          .sort();
      expect(await mounted('from-host')).toEqual(['/rshared/from-host', '/rslave/from-host']);
      await containers.exec(id, sh('mount -t tmpfs test /rshared/from-container'), { privileged: true });
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).toContain(`${source}/from-container `);
      expect(await mounted('from-container')).toEqual(['/rshared/from-container', '/rslave/from-container']);
    } finally {
      await containers.removeAll();
      execFileSync('umount', ['-R', source]);
    }
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(source);
  });
});

describe('an image as a mount', () => {
  const image = (fields: Partial<MountConfig> = {}) => asked({ type: IMAGE, source: 'busybox', ...fields });

  test('is read-only, whole or in part, and goes with the container', async () => {
    const mounts = [image(), image({ target: '/part', subpath: 'bin' })];
    const { id, stdout } = await containers.run(sh('ls -d /data/bin/sh /part/sh; touch /data/x'), {
      config: { mounts },
    });
    expect(stdout).toBe('/data/bin/sh\n/part/sh\n');
    expect((await containers.get(id)).mounts).toEqual([
      expect.objectContaining({
        type: IMAGE,
        name: expect.stringMatching(/^sha256:/),
        source: 'busybox',
        readonly: true,
      }),
      expect.objectContaining({ target: '/part' }),
    ]);
    const snapshots = join(engine.paths.serviceDir('image-service'), 'snapshots');
    // Of containers of other tests something may still be going away.
    await waitFor(() => readdirSync(snapshots).length === 3, { what: 'a snapshot for each' });
    await containers.removeAll();
    await waitFor(() => readdirSync(snapshots).length === 0, { what: 'the end of the snapshots' });
  });

  test('that is missing is an error that leaves nothing', async () => {
    const mounts = [aMount({ source: 'unused' }), image({ source: 'nope', target: '/x' })];
    await expect(containers.run(['true'], { config: { mounts } })).rejects.toMatchObject({ reason: 'IMAGE_NOT_FOUND' });
    expect((await containers.client.listContainers({ all: true })).containers).toEqual([]);
  });
});

describe('mounts of another container', () => {
  test('are the same ones, read-only when asked, under what one asks for oneself', async () => {
    mkdirSync(join(dir, 'bound'), { recursive: true });
    writeFileSync(join(dir, 'bound/file'), 'bound');
    const mounts = [
      aMount({ target: '/anonymous' }),
      aMount({ source: 'named', target: '/named' }),
      aMount({ type: BIND, source: join(dir, 'bound'), target: '/bound' }),
      asked({ type: TMPFS, target: '/covered' }),
    ];
    const first = await containers.run(sh('echo 1 > /anonymous/x; echo 2 > /named/x'), {
      name: 'first',
      config: { mounts },
    });
    const second = await containers.run(
      sh('cat /anonymous/x /named/x /bound/file; touch /named/y 2>/dev/null || echo ro; touch /covered/x'),
      {
        config: { volumesFrom: ['first:ro'], mounts: [aMount({ source: 'own', target: '/covered' })] },
      },
    );
    expect(second.stdout).toBe('1\n2\nboundro\n');
    const [{ name: anonymous } = { name: '' }] = (await containers.get(first.id)).mounts;
    await containers.client.deleteContainer({ container: first.id, force: false, volumes: true });
    expect(existsSync(join(volumeDir(anonymous), 'x'))).toBe(true);
    await containers.client.deleteContainer({ container: second.id, force: false, volumes: true });
    await waitFor(() => !existsSync(volumeDir(anonymous)), { what: 'the end of the volume' });
    expect(existsSync(volumeDir('named'))).toBe(true);
    await expect(
      containers.client.createContainer({ name: '', config: { ...DEFAULT_CONFIG, volumesFrom: ['first'] } }),
    ).rejects.toMatchObject({ reason: 'CONTAINER_NOT_FOUND' });
  });
});

test('nested mounts are made parents first, whatever their order', async () => {
  mkdirSync(join(dir, 'nested'), { recursive: true });
  symlinkSync('/etc', join(dir, 'nested/escape'));
  writeFileSync(join(dir, 'nested/file'), '');
  const mounts = [
    aMount({ type: BIND, source: join(dir, 'nested/file'), target: '/a/b/c/file' }),
    aMount({ source: 'inner', target: '/a/b/c' }),
    asked({ type: TMPFS, target: '/a/b', tmpfsOptions: 'size=1m,mode=0711' }),
    aMount({ source: 'outer', target: '/a' }),
  ];
  const script = 'stat -c %a /a/b; for m in /a /a/b /a/b/c /a/b/c/file; do grep -c " $m " /proc/self/mountinfo; done';
  expect(await printed(script, mounts)).toBe('711\n1\n1\n1\n1\n');
  // A target through a link of what is mounted stays in the container.
  const escaping = [
    aMount({ type: BIND, source: join(dir, 'nested'), target: '/a' }),
    aMount({ source: 'inner', target: '/a/escape/new' }),
  ];
  expect(await printed('ls -d /etc/new', escaping)).toBe('/etc/new\n');
  expect(existsSync('/etc/new')).toBe(false);
});

test('a program that exchanges a part of its volume for a link gets nobody out of the volume', async () => {
  const outside = join(dir, 'outside');
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(outside, 'secret'), '');
  const swap = `while :; do ln -s ${outside} /v/sub; rm /v/sub; mkdir /v/sub; rmdir /v/sub; done`;
  await containers.startDetached(swap, { config: { mounts: [aMount({ source: 'swapped', target: '/v' })] } });
  const seen = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const mounts = [
      asked({ source: 'swapped', subpath: 'sub', target: '/part' }),
      aMount({ source: 'swapped', target: '/v' }),
      // Its target lies behind what is exchanged: it is made in the container, or in the volume.
      asked({ type: TMPFS, target: '/v/sub/new' }),
    ];
    const outcome = await containers
      .run(sh('ls /part /v/sub'), { config: { mounts, autoRemove: true } })
      .catch(() => null);
    seen.add(outcome === null ? 'refused' : outcome.stdout.includes('secret') ? 'escaped' : 'inside');
  }
  expect(seen).not.toContain('escaped');
  expect(readdirSync(outside)).toEqual(['secret']);
});
