import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseManifest, MEDIA_TYPES } from '@berth/oci';
import { PushedHow } from '@berth/proto/registry';
import {
  buildTestImage,
  buildTestIndex,
  createTemporaryDirectory,
  pushImage,
  pushManifest,
  startDockerRegistry,
  type TemporaryDirectory,
  type TestImage,
  type TestRegistry,
} from '@berth/testkit';
import { startGateway, type GatewayProcess } from './gateway-process.ts';

let directory: TemporaryDirectory;
let gateway: GatewayProcess;
let open: TestRegistry;
let locked: TestRegistry;
beforeAll(async () => {
  directory = createTemporaryDirectory();
  [gateway, open, locked] = await Promise.all([
    startGateway(directory.path),
    startDockerRegistry(),
    startDockerRegistry({ requiresLogin: true }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway[Symbol.asyncDispose](), open.close(), locked.close()]);
  directory[Symbol.dispose]();
});

const layers = [
  [
    { path: 'bin/', type: 'directory' as const },
    { path: 'bin/a', content: 'lower' },
  ],
  [{ path: 'bin/.wh.a' }, { path: 'bin/b', content: Buffer.alloc(1_000_000, 'upper ') }],
];

/** Pulls all of an image and returns the digests that are in the store. */
async function pull(
  reference: string,
  repository: string,
  image: TestImage,
  credentials?: { username: string; password: string },
) {
  const { client } = gateway;
  const who = credentials === undefined ? {} : { credentials };
  const { descriptor } = await client.resolveReference({ reference, ...who });
  const { content } = await client.getManifest({ repository, descriptor, ...who });
  const manifest = parseManifest(content, descriptor?.mediaType ?? '');
  for (const { mediaType, digest, size } of [manifest.config, ...manifest.layers]) {
    const wanted = { mediaType, digest, sizeBytes: size };
    for await (const { event } of client.fetchBlob({ repository, descriptor: wanted, ...who })) {
      if (event?.$case === 'blob') expect(event.value.descriptor?.digest).toBe(digest);
    }
  }
  expect(descriptor?.digest).toBe(image.manifest.digest);
  return (await client.listBlobs({})).blobs.map(({ digest }) => digest);
}

describe("Debian's docker-registry", () => {
  test.each([
    ['oci', 'gzip'],
    ['oci', 'zstd'],
    ['oci', 'none'],
    ['docker', 'gzip'],
  ] as const)('gives an image of format %s, layers %s', async (format, compression) => {
    const image = buildTestImage({ layers, format, compression, config: { Cmd: ['sh'] } });
    const name = `team/${format}-${compression}`;
    await pushImage({ host: open.host, repository: name, tag: 'v1' }, image);
    const stored = await pull(`${open.host}/${name}:v1`, `${open.host}/${name}`, image);
    for (const { digest } of [image.manifest, image.config, ...image.layers]) expect(stored).toContain(digest);
  });

  test('gives an index', async () => {
    const image = buildTestImage({ layers });
    const platform = { os: 'linux', architecture: 'amd64' };
    const index = buildTestIndex([{ image, platform }]);
    const target = { host: open.host, repository: 'indexed', tag: 'v1' };
    await pushImage({ ...target, tag: null }, image);
    await pushManifest(target, index);
    const { descriptor } = await gateway.client.resolveReference({ reference: `${open.host}/indexed:v1` });
    expect(descriptor).toEqual({
      mediaType: MEDIA_TYPES.ociIndex,
      digest: index.digest,
      sizeBytes: BigInt(index.size),
    });
  });

  test.each(['nothing:v1', 'team/oci-gzip:v2'])('does not have %s', async (name) => {
    await expect(gateway.client.resolveReference({ reference: `${open.host}/${name}` })).rejects.toMatchObject({
      reason: 'MANIFEST_NOT_FOUND',
      message: `manifest for ${open.host}/${name} not found: manifest unknown: manifest unknown`,
    });
  });

  test('with a login needs the right one', async () => {
    const image = buildTestImage({ layers: [[{ path: 'secret', content: 'x' }]] });
    const target = { host: locked.host, repository: 'private', tag: 'v1', authorization: locked.authorization ?? '' };
    await pushImage(target, image);
    const reference = `${locked.host}/private:v1`;
    const { client } = gateway;
    await expect(client.resolveReference({ reference })).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: `Get "http://${locked.host}/v2/": no basic auth credentials`,
    });
    const credentials = locked.credentials ?? { username: '', password: '' };
    const wrong = { ...credentials, password: 'wrong' };
    await expect(client.resolveReference({ reference, credentials: wrong })).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: expect.stringContaining('unauthorized: authentication required'),
    });
    await pull(reference, `${locked.host}/private`, image, credentials);
  });

  test('takes a push, and lends its blobs from one repository to another', async () => {
    const own = [[{ path: 'pushed', content: 'x' }], [{ path: 'big', content: Buffer.alloc(1_000_000, 'pushed ') }]];
    const image = buildTestImage({ layers: own, format: 'docker', config: { Cmd: ['pushed'] } });
    const { client } = gateway;
    const lease = 'test:push';
    for (const { mediaType, bytes } of [image.config, ...image.layers]) {
      await client.ingestBlob(ingestOf({ mediaType, lease }, bytes));
    }
    const push = (name: string) => pushAll(`${open.host}/${name}`, image);
    const uploaded = image.layers.map(() => PushedHow.UPLOADED);
    expect(await push('pushed/one')).toEqual([PushedHow.UPLOADED, ...uploaded]);
    expect(await push('pushed/one')).toEqual([PushedHow.EXISTED, ...uploaded.map(() => PushedHow.EXISTED)]);
    expect(await push('pushed/two')).toEqual([PushedHow.MOUNTED, ...uploaded.map(() => PushedHow.MOUNTED)]);
    await pull(`${open.host}/pushed/two:v1`, `${open.host}/pushed/two`, image);
  });

  test('with a login takes a push with the right one', async () => {
    const image = buildTestImage({ layers: [[{ path: 'secret', content: 'y' }]] });
    const repository = `${locked.host}/pushed`;
    for (const { mediaType, bytes } of [image.config, ...image.layers]) {
      await gateway.client.ingestBlob(ingestOf({ mediaType, lease: 'test:login' }, bytes));
    }
    await expect(pushAll(repository, image)).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: 'no basic auth credentials',
    });
    const credentials = locked.credentials ?? { username: '', password: '' };
    await expect(pushAll(repository, image, { ...credentials, password: 'wrong' })).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: 'unauthorized: authentication required',
    });
    expect(await pushAll(repository, image, credentials)).toEqual([PushedHow.UPLOADED, PushedHow.UPLOADED]);
    await pull(`${repository}:v1`, repository, image, credentials);
  });
});

async function* ingestOf(start: { mediaType: string; lease: string }, data: Buffer) {
  yield { part: { $case: 'start' as const, value: { digest: '', ...start } } };
  yield { part: { $case: 'data' as const, value: data } };
}

/** Pushes an image's content, then its manifest as v1, and tells how each blob came there. */
async function pushAll(
  repository: string,
  { manifest, config, layers }: TestImage,
  credentials?: { username: string; password: string },
): Promise<PushedHow[]> {
  const { client } = gateway;
  const how: PushedHow[] = [];
  for (const { mediaType, digest, size } of [config, ...layers]) {
    const descriptor = { mediaType, digest, sizeBytes: size };
    for await (const { event } of client.pushBlob({ repository, descriptor, ...(credentials && { credentials }) })) {
      if (event?.$case === 'pushed') how.push(event.value.how ?? PushedHow.UNSPECIFIED);
    }
  }
  const { mediaType, bytes: content } = manifest;
  const request = { repository, tag: 'v1', mediaType, content, ...(credentials && { credentials }) };
  const { descriptor } = await client.pushManifest(request);
  expect(descriptor?.digest).toBe(manifest.digest);
  return how;
}
