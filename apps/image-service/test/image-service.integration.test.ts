import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { sha256Digest, writeTar } from '@berth/oci';
import { ImageServiceDefinition, LayerPhase, type Image, type PullImageResponse } from '@berth/proto/image';
import { RegistryServiceDefinition } from '@berth/proto/registry';
import {
  buildTestImage,
  buildTestIndex,
  pushImage,
  pushManifest,
  startDockerRegistry,
  startTestEngine,
  waitFor,
  type TestEngine,
  type TestImage,
  type TestRegistry,
} from '@berth/testkit';

const BASE = [
  { path: './', type: 'directory', mode: 0o711 },
  { path: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\nann:x:7:8::/:/bin/sh\n' },
  { path: 'etc/group', content: 'root:x:0:\n' },
  { path: 'gone', content: 'x' },
  { path: 'dir/old', content: 'x' },
  { path: 'bin/a', content: 'tool' },
  { path: 'bin/b', type: 'hardlink', target: 'bin/a' },
] as const;
const TOP = [
  { path: '.wh.gone' },
  { path: 'dir/', type: 'directory' },
  { path: 'dir/.wh..wh..opq' },
  { path: 'dir/new', content: 'new' },
  { path: 'etc/group', content: 'root:x:0:\nadm:x:4:ann\n' },
] as const;

let engine: TestEngine;
let registry: TestRegistry;
let connection: ServiceConnection<typeof ImageServiceDefinition>;
let state: string;

beforeAll(async () => {
  registry = await startDockerRegistry();
  engine = await startTestEngine({ only: ['registry-gateway', 'image-service'], busybox: false });
  connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
  state = engine.paths.serviceDir('image-service');
});
afterAll(async () => {
  connection.close();
  await engine.stop();
  await registry.close();
});

async function push(repository: string, image: TestImage, tag: string | null = 'latest'): Promise<string> {
  await pushImage({ host: registry.host, repository, tag }, image);
  return `${registry.host}/${repository}${tag === null ? `@${image.manifest.digest}` : `:${tag}`}`;
}

async function pull(reference: string, platform = ''): Promise<PullImageResponse[]> {
  const events: PullImageResponse[] = [];
  for await (const event of connection.client.pullImage({ reference, platform })) events.push(event);
  return events;
}

function doneOf(events: readonly PullImageResponse[]): { image: Image; digest: string; upToDate: boolean } {
  const last = events.at(-1)?.event;
  if (last?.$case !== 'done' || last.value.image === undefined) throw new Error('the last event is not done');
  return { ...last.value, image: last.value.image };
}

async function removeAll(): Promise<void> {
  const { client } = connection;
  for (const key of (await client.listSnapshots({})).keys) await client.deleteSnapshot({ key });
  for (const { id } of (await client.listImages({})).images) {
    await client.deleteImage({ name: id, force: true });
  }
  await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
}

/** What lies in the service's directories, as `layers/1`. */
function leftOver(): string[] {
  const dirs = ['layers', 'staging', 'snapshots', 'trash/layers', 'trash/snapshots'];
  return dirs.flatMap((dir) => readdirSync(join(state, dir)).map((name) => `${dir}/${name}`));
}

describe('image-service', () => {
  test('the archives of a pulled image are kept as long as an image has them, and no longer', async () => {
    const shared = [{ path: 'shared', content: 'of two images' }] as const;
    const [one, other] = [[shared, [{ path: 'own', content: 'of one' }] as const], [shared]].map((layers) =>
      buildTestImage({ layers }),
    );
    if (one === undefined || other === undefined) throw new Error('no images');
    const references = [await push('kept/one', one), await push('kept/other', other)];
    for (const reference of references) await pull(reference);
    const gateway = connectService(RegistryServiceDefinition, engine.paths.socket('registry-gateway'));
    try {
      const isThere = async (digest = ''): Promise<boolean> => {
        const { blobs } = await gateway.client.listBlobs({ pageSize: 1000 });
        return blobs.some((blob) => blob.digest === digest);
      };
      const own = [one.manifest, one.config, one.layers[1]].map((blob) => blob?.digest);
      for (const digest of own) expect(await isThere(digest)).toBe(true);
      await connection.client.deleteImage({ name: references[0] as string });
      for (const digest of own) await waitFor(async () => !(await isThere(digest)), { what: `the end of ${digest}` });
      expect(await isThere(other.layers[0]?.digest)).toBe(true);
      await connection.client.deleteImage({ name: references[1] as string });
      await waitFor(async () => !(await isThere(other.layers[0]?.digest)), { what: 'the end of the shared layer' });
    } finally {
      gateway.close();
    }
  });

  test('pulls an image of two layers that overlayfs shows as it shall be', async () => {
    const image = buildTestImage({ layers: [BASE, TOP], config: { Cmd: ['sh'] } });
    const reference = await push('base/app', image);
    const events = await pull(reference);
    const done = doneOf(events);
    expect(done).toMatchObject({ digest: image.manifest.digest, upToDate: false });
    expect(done.image).toMatchObject({
      id: image.config.digest,
      tags: [reference],
      digests: [`${registry.host}/base/app@${image.manifest.digest}`],
      platform: 'linux/amd64',
    });
    expect(done.image.config).toEqual(image.config.bytes);
    const resolved = events[0]?.event;
    expect(resolved).toMatchObject({
      $case: 'resolved',
      value: { reference, layers: image.layers.map((l) => l.digest) },
    });
    for (const { digest } of image.layers) {
      const phases = events.flatMap(({ event }) =>
        event?.$case === 'layer' && event.value.digest === digest ? [event.value.phase] : [],
      );
      expect(phases.at(-1)).toBe(LayerPhase.COMPLETE);
    }

    const { snapshot } = await connection.client.prepareSnapshot({ key: 'overlay', image: reference });
    if (snapshot === undefined) throw new Error('no snapshot');
    expect(snapshot.passwd.toString()).toContain('ann:x:7:8');
    expect(snapshot.group.toString()).toContain('adm:x:4');
    expect(statSync(snapshot.upperDir).mode & 0o7777).toBe(0o711);
    const merged = join(engine.root, 'merged');
    mkdirSync(merged);
    const lower = snapshot.lowerDirs.map((name) => join(snapshot.layersDir, name)).join(':');
    const options = `lowerdir=${lower},upperdir=${snapshot.upperDir},workdir=${snapshot.workDir}`;
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged]);
    try {
      expect(readdirSync(merged).sort()).toEqual(['bin', 'dir', 'etc']);
      expect(readdirSync(join(merged, 'dir'))).toEqual(['new']);
      expect(readFileSync(join(merged, 'bin/b'), 'utf8')).toBe('tool');
    } finally {
      execFileSync('umount', [merged]);
    }
    await removeAll();
  });

  test('tells of no account that an upper layer hides, nor that a container has hidden', async () => {
    const hiding = [{ path: 'etc/.wh..wh..opq' }, { path: 'etc/group', content: 'adm:x:4:\n' }] as const;
    const image = buildTestImage({ layers: [BASE, hiding, TOP], config: {} });
    const reference = await push('hiding/app', image);
    await pull(reference);
    const prepare = async (name: string) =>
      (await connection.client.prepareSnapshot({ key: 'hiding', image: name })).snapshot;
    const made = await prepare(reference);
    expect([made?.passwd.toString(), made?.group.toString()]).toEqual(['', 'root:x:0:\nadm:x:4:ann\n']);
    const etc = join(made?.upperDir ?? '', 'etc');
    mkdirSync(etc);
    expect((await prepare(''))?.group.toString()).toContain('adm');
    execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', etc]);
    expect((await prepare(''))?.group.toString()).toBe('');
    await removeAll();
  });

  test('a second pull says that the image is up to date, and a moved tag is followed', async () => {
    const first = buildTestImage({ layers: [BASE], config: { Cmd: ['1'] } });
    const second = buildTestImage({ layers: [BASE, TOP], config: { Cmd: ['2'] } });
    const reference = await push('moving/app', first);
    await pull(reference);
    const again = await pull(reference);
    expect(doneOf(again).upToDate).toBe(true);
    expect(again).toHaveLength(2);
    await push('moving/app', second);
    const moved = await pull(reference);
    expect(doneOf(moved)).toMatchObject({ upToDate: false, image: { id: second.config.digest, tags: [reference] } });
    const phases = moved.flatMap(({ event }) => (event?.$case === 'layer' ? [event.value] : []));
    expect(phases).toContainEqual(
      expect.objectContaining({ digest: first.layers[0]?.digest, phase: LayerPhase.ALREADY_EXISTS }),
    );
    const old = await connection.client.getImage({ name: first.config.digest });
    expect(old.image).toMatchObject({ tags: [], digests: [`${registry.host}/moving/app@${first.manifest.digest}`] });
    await removeAll();
  });

  test('chooses the platform of an index', async () => {
    const amd64 = buildTestImage({ layers: [BASE], platform: { os: 'linux', architecture: 'amd64' } });
    const arm = buildTestImage({ layers: [TOP], platform: { os: 'linux', architecture: 'arm64' } });
    await push('multi/app', amd64, null);
    await push('multi/app', arm, null);
    const index = buildTestIndex([
      { image: amd64, platform: { os: 'linux', architecture: 'amd64' } },
      { image: arm, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
    await pushManifest({ host: registry.host, repository: 'multi/app', tag: 'v1' }, index);
    const reference = `${registry.host}/multi/app:v1`;
    expect(doneOf(await pull(reference))).toMatchObject({ digest: index.digest, image: { id: amd64.config.digest } });
    expect(doneOf(await pull(reference, 'linux/arm64')).image.id).toBe(arm.config.digest);
    await expect(pull(reference, 'linux/s390x')).rejects.toMatchObject({ reason: 'PLATFORM_NOT_FOUND' });
    const { client } = connection;
    const platform = 'linux/amd64';
    const drain = async (messages: AsyncIterable<unknown>) => {
      for await (const message of messages) void message;
    };
    const refused = { reason: 'PLATFORM_NOT_FOUND' };
    await expect(client.getImageHistory({ name: reference, platform })).rejects.toMatchObject(refused);
    await expect(drain(client.saveImages({ names: [reference], platform }))).rejects.toMatchObject(refused);
    await expect(client.deleteImage({ name: reference, platforms: [platform] })).rejects.toMatchObject(refused);
    await drain(client.saveImages({ names: [reference], platform: 'linux/arm64' }));
    const wrong = `${registry.host}/multi/app@${arm.manifest.digest}`;
    await expect(pull(wrong, 'linux/s390x')).rejects.toMatchObject({
      message: expect.stringMatching(
        /does not match the specified platform: wanted linux\/s390x, actual: linux\/arm64/,
      ),
    });
    await removeAll();
  });

  test('concurrent pulls share the work and both get the image', async () => {
    const image = buildTestImage({ layers: [BASE, TOP, [{ path: 'big', content: Buffer.alloc(5_000_000, 7) }]] });
    const other = buildTestImage({ layers: [BASE, TOP], config: { Cmd: ['other'] } });
    const references = [await push('same/a', image), await push('same/b', image), await push('same/c', other)];
    const results = await Promise.all(references.map((reference) => pull(reference)));
    expect(results.map((events) => doneOf(events).image.id)).toEqual([
      image.config.digest,
      image.config.digest,
      other.config.digest,
    ]);
    expect(readdirSync(join(state, 'layers'))).toHaveLength(3);
    await removeAll();
  });

  test.each([
    [
      'a hostile layer',
      { layers: [BASE, [{ path: '../../escape', content: 'x' }]] },
      'LAYER_INVALID',
      /would leave the layer/,
    ],
    [
      'a layer that is no archive',
      { layers: [BASE, Buffer.from('no tar at all')] },
      'LAYER_INVALID',
      /not a valid tar/,
    ],
  ] as const)('leaves nothing behind after %s', async (_what, options, reason, message) => {
    const reference = await push('broken/app', buildTestImage(options));
    await expect(pull(reference)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
    await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
    expect((await connection.client.listImages({})).images).toEqual([]);
  });

  test('refuses layers that are not what the config says', async () => {
    const image = buildTestImage({ layers: [BASE, TOP] });
    const config = JSON.parse(image.config.bytes.toString()) as { rootfs: { diff_ids: string[] } };
    const rewrite = (diffIds: string[]): TestImage => {
      const bytes = Buffer.from(JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids: diffIds } }));
      const digest = sha256Digest(bytes);
      const manifest = JSON.parse(image.manifest.bytes.toString()) as { config: object };
      const text = JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size: bytes.length } });
      const manifestBytes = Buffer.from(text);
      return {
        ...image,
        config: { ...image.config, bytes, digest, size: bytes.length },
        manifest: {
          ...image.manifest,
          bytes: manifestBytes,
          digest: sha256Digest(manifestBytes),
          size: manifestBytes.length,
        },
      };
    };
    const swapped = await push('wrong/diff', rewrite([...image.diffIds].reverse()));
    await expect(pull(swapped)).rejects.toMatchObject({ reason: 'DIGEST_MISMATCH' });
    const fewer = await push('wrong/count', rewrite(image.diffIds.slice(1)));
    await expect(pull(fewer)).rejects.toMatchObject({ reason: 'IMAGE_CONFIG_INVALID' });
    await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
  });

  test('an unknown image, a malformed reference and a registry that is away are told', async () => {
    await expect(pull(`${registry.host}/no/such:1`)).rejects.toMatchObject({ reason: 'MANIFEST_NOT_FOUND' });
    await expect(pull('user/UPPER')).rejects.toMatchObject({ reason: 'REFERENCE_INVALID' });
    await expect(pull('127.0.0.1:1/a/b')).rejects.toMatchObject({ reason: 'REGISTRY_UNAVAILABLE' });
    await expect(connection.client.getImage({ name: 'nope' })).rejects.toMatchObject({
      reason: 'IMAGE_NOT_FOUND',
      message: 'No such image: nope:latest',
    });
    await expect(connection.client.prepareSnapshot({ key: 'k', image: 'nope:1' })).rejects.toMatchObject({
      message: 'No such image: nope:1',
    });
  });

  test('a client that goes away ends its pull, and nothing half-made stays', async () => {
    const noise = Array.from({ length: 3000 }, (_, index) => ({ path: `f${index}`, content: `${index}`.repeat(200) }));
    const reference = await push('slow/app', buildTestImage({ layers: [noise, BASE] }));
    const stop = new AbortController();
    const pulling = (async () => {
      for await (const { event } of connection.client.pullImage({ reference }, { signal: stop.signal })) {
        if (event?.$case === 'layer' && event.value.phase === LayerPhase.EXTRACTING) stop.abort();
      }
    })();
    await expect(pulling).rejects.toThrow();
    await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
    expect((await connection.client.listImages({})).images).toEqual([]);
    expect(doneOf(await pull(reference)).image.tags).toEqual([reference]);
    await removeAll();
  });
});

describe('imports', () => {
  const tar = writeTar(BASE);

  async function* parts(data: Buffer, start: { reference?: string; config?: string }) {
    const { reference = '', config = '' } = start;
    const value = { reference, config: Buffer.from(config), message: 'by hand', platform: '' };
    yield { part: { $case: 'start' as const, value } };
    for (let at = 0; at < data.length; at += 1000) {
      yield { part: { $case: 'data' as const, value: data.subarray(at, at + 1000) } };
    }
    await Promise.resolve();
  }

  test.each([
    ['plain', tar],
    ['gzip', gzipSync(tar)],
  ])('makes an image of a %s archive', async (_kind, data) => {
    const config = JSON.stringify({ Cmd: ['sh'], Env: ['A=b'] });
    const { image } = await connection.client.importImage(parts(data, { reference: 'made:1', config }));
    expect(image?.tags).toEqual(['docker.io/library/made:1']);
    const document = JSON.parse(image?.config.toString() ?? '') as Record<string, unknown>;
    expect(document).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['sh'], Env: ['A=b'] },
      rootfs: { type: 'layers', diff_ids: [sha256Digest(tar)] },
      history: [{ comment: 'by hand' }],
    });
    expect(image?.id).toBe(sha256Digest(image?.config ?? Buffer.alloc(0)));
    await removeAll();
  });

  test('tells what differs between two images', async () => {
    const { client } = connection;
    const other = writeTar([...BASE.filter(({ path }) => path !== 'gone'), { path: 'dir/new', content: 'new' }]);
    await client.importImage(parts(tar, { reference: 'made:old' }));
    await client.importImage(parts(other, { reference: 'made:new' }));
    const diff = async (from: string, to: string): Promise<string> => {
      const lines: string[] = [];
      for await (const { changes } of client.diffImages({ from, to })) {
        lines.push(...changes.map(({ path, kind }) => `${'?CAD'[kind]} ${path}`));
      }
      return lines.join(', ');
    };
    expect(await diff('made:old', 'made:new')).toBe('C /dir, A /dir/new, D /gone');
    expect(await diff('made:new', 'made:old')).toBe('C /dir, D /dir/new, A /gone');
    expect(await diff('made:new', 'made:new')).toBe('');
    await expect(diff('made:new', 'nope')).rejects.toMatchObject({ reason: 'IMAGE_NOT_FOUND' });
    await removeAll();
  });

  test('leases the content of an imported image until it is removed', async () => {
    using registryService = connectService(RegistryServiceDefinition, engine.paths.socket('registry-gateway'));
    const { client } = registryService;
    const { image } = await connection.client.importImage(parts(tar, { reference: 'made:2' }));
    const digest = image?.id ?? '';
    await expect(client.deleteBlob({ digest })).rejects.toMatchObject({ reason: 'BLOB_IN_USE' });
    await removeAll();
    const isFree = () =>
      client.deleteBlob({ digest }).then(
        () => true,
        () => false,
      );
    await waitFor(isFree, { what: 'the end of the lease' });
  });

  test('that are no archive, or have a bad config, leave nothing behind', async () => {
    const { client } = connection;
    const garbage = Buffer.alloc(2000, 'x');
    await expect(client.importImage(parts(garbage, {}))).rejects.toMatchObject({ reason: 'LAYER_INVALID' });
    await expect(client.importImage(parts(tar, { config: '[1]' }))).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
    await expect(client.importImage(parts(tar, { config: '{"Env":7}' }))).rejects.toMatchObject({
      reason: 'IMAGE_CONFIG_INVALID',
    });
    await expect(client.importImage(parts(tar, { reference: 'a@b' }))).rejects.toMatchObject({
      reason: 'REFERENCE_INVALID',
    });
    await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
  });
});
