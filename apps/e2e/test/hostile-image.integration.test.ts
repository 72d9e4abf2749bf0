import { existsSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import type { TarEntry } from '@berth/oci';
import { buildTestImage, descriptorOf, toBlob } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { layerDirectories } from './support/find-leftovers.ts';
import { useHostileRegistry } from './support/hostile-registry.ts';
import { BUSYBOX_LAYER } from './support/layered-image.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();
const registry = useHostileRegistry();

/** An image that no other test pulls: what the engine has already, it does not ask for again. */
function uniqueImage(name: string) {
  const image = buildTestImage({ layers: [BUSYBOX_LAYER, [{ path: name, content: name.repeat(100) }]] });
  return { image, top: image.layers.at(-1)?.digest };
}

/** A pull that must fail, and leave neither image nor layer. */
async function expectRefusedPull(name: string, message: RegExp): Promise<void> {
  const before = layerDirectories(cli.engine);
  const result = await cli.berth('pull', `${registry.host}/${name}`);
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
  expect(await cli.ok('images', '-q', `${registry.host}/${name}`)).toBe('');
  expect(layerDirectories(cli.engine)).toEqual(before);
}

afterEach(() => expectNothingLeft(cli.engine));

test('a blob that is not what its digest says', async () => {
  const { image, top } = uniqueImage('swapped');
  const swapByte = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 20), Buffer.from('x'), bytes.subarray(21)]);
  registry.serve('swapped', image, { blob: ({ digest, bytes }) => (digest === top ? swapByte(bytes) : bytes) });
  await expectRefusedPull('swapped', /digest|checksum/i);
});

test('a manifest that is not what its digest says', async () => {
  const { image } = uniqueImage('lied');
  registry.serve('lied', image, { manifest: ({ bytes }) => Buffer.concat([bytes, Buffer.from(' ')]) });
  await expectRefusedPull(`lied@${image.manifest.digest}`, /manifest verification failed .* expected sha256:/);
});

test('a blob that ends early, each time', async () => {
  const { image, top } = uniqueImage('cut');
  registry.serve('cut', image, { cutBlobAt: ({ digest, size }) => (digest === top ? size - 5 : null) });
  await expectRefusedPull('cut', /unexpected EOF|ended|size|closed|hang up|reset/i);
});

test('a blob that is longer than its descriptor says', async () => {
  const { image, top } = uniqueImage('long');
  registry.serve('long', image, {
    blob: ({ digest, bytes }) => (digest === top ? Buffer.concat([bytes, Buffer.alloc(100)]) : bytes),
  });
  await expectRefusedPull('long', /bytes or more at the registry, expected \d+/);
});

test('a manifest of five megabytes', async () => {
  const { image } = uniqueImage('huge');
  registry.serve('huge', image, { manifest: ({ bytes }) => Buffer.concat([bytes, Buffer.alloc(5 << 20, ' ')]) });
  await expectRefusedPull('huge', /too large|larger than|4 ?MiB|4194304/i);
});

const escapes: [what: string, entries: TarEntry[]][] = [
  ['..', [{ path: '../../../../../../../../tmp/berth-escaped', content: 'x' }]],
  [
    '.. behind a directory',
    [
      { path: 'a/', type: 'directory' },
      { path: 'a/../../berth-escaped', content: 'x' },
    ],
  ],
  ['a hard link out', [{ path: 'link', type: 'hardlink', target: '../../../../../../etc/passwd' }]],
  ['a whiteout of ..', [{ path: 'a/.wh...', content: '' }]],
];

test.each(escapes)('a layer that tries to leave its directory by %s', async (_, entries) => {
  registry.serve('escape', buildTestImage({ layers: [BUSYBOX_LAYER, entries] }));
  await expectRefusedPull('escape', /layer|leave|outside|entry/i);
  expect(existsSync('/tmp/berth-escaped')).toBe(false);
});

test('absolute names and symbolic links stay inside', async () => {
  const entries: TarEntry[] = [
    { path: '/absolute', content: 'inside' },
    { path: 'out', type: 'symlink', target: '/tmp' },
    { path: 'out/berth-escaped', content: 'inside' },
    { path: 'up', type: 'symlink', target: '../../../../../../tmp' },
    { path: 'up/berth-escaped', content: 'inside' },
  ];
  registry.serve('inside', buildTestImage({ layers: [BUSYBOX_LAYER, entries] }));
  await cli.berth('pull', '-q', `${registry.host}/inside`);
  expect(existsSync('/tmp/berth-escaped')).toBe(false);
});

test('a layer that is not what its diffID says', async () => {
  const { config, manifest, ...rest } = buildTestImage({ layers: [BUSYBOX_LAYER, [{ path: 'a', content: 'a' }]] });
  const other = buildTestImage({ layers: [BUSYBOX_LAYER, [{ path: 'b', content: 'b' }]] });
  const layers = [rest.layers[0], other.layers[1]].filter((layer) => layer !== undefined);
  const forged = JSON.parse(manifest.bytes.toString()) as { layers: unknown[] };
  forged.layers = layers.map(descriptorOf);
  const forgedManifest = toBlob(manifest.mediaType, Buffer.from(JSON.stringify(forged)));
  registry.serve('forged', { config, layers, diffIds: rest.diffIds, manifest: forgedManifest });
  await expectRefusedPull('forged', /content is sha256:[0-9a-f]{64}, not sha256:[0-9a-f]{64} as its image says/);
});

test('a config whose layers are not those of the manifest', async () => {
  const short = buildTestImage({ layers: [BUSYBOX_LAYER] });
  const long = buildTestImage({ layers: [BUSYBOX_LAYER, [{ path: 'a', content: 'a' }]] });
  const mixed = JSON.parse(long.manifest.bytes.toString()) as { config: unknown };
  mixed.config = descriptorOf(short.config);
  const manifest = toBlob(long.manifest.mediaType, Buffer.from(JSON.stringify(mixed)));
  registry.serve('mixed', { ...long, config: short.config, manifest });
  await expectRefusedPull('mixed', /layers|diff/i);
});

test('a config whose user does not exist', async () => {
  registry.serve('stranger', buildTestImage({ layers: [BUSYBOX_LAYER], config: { User: 'stranger', Cmd: ['true'] } }));
  const result = await cli.berth('run', '--rm', `${registry.host}/stranger`);
  expect(result.code).toBe(125);
  expect(result.stderr).toContain('unable to find user stranger: no matching entries in passwd file');
});

test('working directories that lead to the host', async () => {
  for (const directory of ['/proc/self/fd/3', '/proc/self/fd/7', '/proc/1/cwd']) {
    const result = await cli.berth('run', '--rm', '-w', directory, 'busybox', 'sh', '-c', 'ls ../../../../home/*');
    expect(result.stdout).toBe('');
    expect(result.code).not.toBe(0);
  }
});
