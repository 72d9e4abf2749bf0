import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MEDIA_TYPES, sha256Digest } from '@berth/oci';
import type { Descriptor, FetchBlobResponse, IngestBlobRequest } from '@berth/proto/registry';
import { createTemporaryDirectory, waitFor, type TemporaryDirectory } from '@berth/testkit';
import { reasonOf } from '../src/content-store.contract.ts';
import { startGateway, type GatewayProcess } from './gateway-process.ts';
import {
  blobAnswer,
  manifestAnswer,
  rangeStart,
  startHostileRegistry,
  type HostileRegistry,
} from './hostile-registry.ts';

const MIB = 1024 * 1024;
const content = Buffer.alloc(8 * MIB, 'berth ');
const digest = sha256Digest(content);
const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip as string, digest, sizeBytes: content.byteLength };

let directory: TemporaryDirectory;
let registry: HostileRegistry;
let gateway: GatewayProcess;
beforeEach(async () => {
  directory = createTemporaryDirectory();
  registry = await startHostileRegistry();
  gateway = await startGateway(directory.path);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const repository = () => `${registry.host}/a`;
const fetch = (wanted: Partial<typeof descriptor> = {}, signal = new AbortController().signal) =>
  gateway.client.fetchBlob({ repository: repository(), descriptor: { ...descriptor, ...wanted } }, { signal });
const ingests = () => readdirSync(join(gateway.stateDir, 'ingest'));
const blobs = async () => (await gateway.client.listBlobs({})).blobs.map((blob) => blob.digest);
const requestsFor = (wanted: string) => registry.seen.filter(({ url }) => url.endsWith(wanted));

async function lastOf(responses: AsyncIterable<FetchBlobResponse>): Promise<FetchBlobResponse['event']> {
  let last: FetchBlobResponse['event'];
  for await (const { event } of responses) last = event;
  return last;
}

/** Sends the first half and nothing more, whoever asks from the beginning. Resolves when that connection is closed. */
function stallingAtHalf(): Promise<void> {
  const closed = Promise.withResolvers<void>();
  registry.answers.push(({ url, range }, response) => {
    if (!url.endsWith(digest) || rangeStart(range) > 0) return false;
    response.writeHead(200, { 'content-length': content.byteLength });
    response.once('close', closed.resolve).write(content.subarray(0, content.byteLength / 2));
    return true;
  });
  registry.answers.push(blobAnswer(digest, content));
  return closed.promise;
}

async function receivedHalf(responses: AsyncIterable<FetchBlobResponse>): Promise<void> {
  for await (const { event } of responses) {
    if (event?.$case === 'receivedBytes' && event.value >= BigInt(content.byteLength / 2)) return;
  }
}

describe('FetchBlob', () => {
  test('gives an immutable file of this host, verified', async () => {
    registry.answers.push(blobAnswer(digest, content));
    const event = await lastOf(fetch());
    if (event?.$case !== 'blob') throw new Error('the last message has the blob');
    expect(event.value).toMatchObject({
      alreadyPresent: false,
      descriptor: { ...descriptor, sizeBytes: 8n * 1024n * 1024n },
    });
    expect(readFileSync(event.value.path).equals(content)).toBe(true);
    expect(statSync(event.value.path).mode & 0o777).toBe(0o444);
    expect(await lastOf(fetch())).toMatchObject({ value: { alreadyPresent: true } });
    expect(requestsFor(digest).length).toBe(1);
  });

  test('of twenty callers asks the registry once', async () => {
    registry.answers.push(blobAnswer(digest, content));
    const events = await Promise.all(Array.from({ length: 20 }, () => lastOf(fetch())));
    expect(new Set(events.map((event) => event?.$case))).toEqual(new Set(['blob']));
    expect(requestsFor(digest).length).toBe(1);
  });

  test.each([
    ['of other content', (bytes: Buffer) => Buffer.from(bytes).fill('x'), 'DIGEST_MISMATCH'],
    ['that is too short', (bytes: Buffer) => bytes.subarray(1), 'SIZE_MISMATCH'],
    ['that is too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]), 'SIZE_MISMATCH'],
  ])('%s is refused and nothing is kept', async (_name, change, reason) => {
    registry.answers.push(blobAnswer(digest, change(content)));
    expect(await reasonOf(lastOf(fetch()))).toBe(reason);
    expect(await blobs()).toEqual([]);
    expect(ingests()).toEqual([]);
  });

  test('goes on after the service was killed', async () => {
    void stallingAtHalf();
    const killed = fetch();
    await receivedHalf(killed).then(() => gateway.end('SIGKILL'));
    expect(ingests()).toEqual([digest.replace(':', '-')]);
    gateway = await startGateway(directory.path);
    expect(await lastOf(fetch())).toMatchObject({ $case: 'blob', value: { alreadyPresent: false } });
    const [first, second] = requestsFor(digest);
    expect(first?.range).toBeNull();
    expect(rangeStart(second?.range ?? null)).toBeGreaterThan(MIB);
    expect(ingests()).toEqual([]);
  });

  test('goes on after its caller went and came back', async () => {
    const closed = stallingAtHalf();
    const abort = new AbortController();
    for await (const { event } of fetch({}, abort.signal)) if (event?.$case === 'receivedBytes') break;
    abort.abort();
    await closed;
    expect(await lastOf(fetch())).toMatchObject({ $case: 'blob' });
    expect(rangeStart(requestsFor(digest)[1]?.range ?? null)).toBeGreaterThan(0);
  });

  test('does not keep the service from ending', async () => {
    void stallingAtHalf();
    const unfinished = reasonOf(lastOf(fetch()));
    await waitFor(() => requestsFor(digest).length > 0, { what: 'the request' });
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await unfinished).not.toBe('none');
  });

  test.each([
    [{ digest: 'sha256:../../x' }, 'DIGEST_INVALID'],
    [{ digest: '' }, 'DIGEST_INVALID'],
    [{ sizeBytes: -1 }, 'INVALID_ARGUMENT'],
  ])('refuses %j', async (wanted, reason) => {
    expect(await reasonOf(lastOf(fetch(wanted)))).toBe(reason);
  });

  test.each(['A', 'registry.test/a:v1', 'registry.test/../a'])('refuses the repository %j', async (name) => {
    const fetching = gateway.client.fetchBlob({ repository: name, descriptor });
    expect(await reasonOf(lastOf(fetching))).toBe('REFERENCE_INVALID');
  });
});

describe('manifests', () => {
  const manifest = Buffer.from('{"schemaVersion":2,"layers":[]}');
  const mediaType = MEDIA_TYPES.ociManifest;
  const wanted: Partial<Descriptor> = { digest: sha256Digest(manifest) };

  test('are resolved by tag, and served from the store afterwards', async () => {
    const answer = manifestAnswer('v1', mediaType, manifest);
    registry.answers.push(answer);
    const resolved = await gateway.client.resolveReference({ reference: `${repository()}:v1` });
    expect(resolved.descriptor).toMatchObject({ ...wanted, mediaType });
    const request = { repository: repository(), descriptor: resolved.descriptor };
    expect((await gateway.client.getManifest(request)).content.equals(manifest)).toBe(true);
    registry.answers.pop();
    expect((await gateway.client.getManifest(request)).content.equals(manifest)).toBe(true);
    const pinned = { reference: `${repository()}@${wanted.digest}` };
    expect((await gateway.client.resolveReference(pinned)).descriptor).toEqual(resolved.descriptor);
  });

  test('without tag or digest cannot be resolved', async () => {
    expect(await reasonOf(gateway.client.resolveReference({ reference: repository() }))).toBe('REFERENCE_INVALID');
  });
});

describe('IngestBlob', () => {
  async function* messages(lease: string, chunks: Buffer[], expected = ''): AsyncGenerator<Partial<IngestBlobRequest>> {
    const start = { mediaType: 'application/x-tar', digest: expected, lease };
    yield { part: { $case: 'start', value: start } };
    for (const chunk of chunks) yield { part: { $case: 'data', value: chunk } };
  }
  const chunked = Array.from({ length: 8 }, (_, index) => content.subarray(index * MIB, (index + 1) * MIB));

  test('keeps what its lease names until the lease is gone', async () => {
    const { client } = gateway;
    const { blob } = await client.ingestBlob(messages('image:a', chunked));
    expect(blob?.descriptor).toEqual({ mediaType: 'application/x-tar', digest, sizeBytes: 8n * 1024n * 1024n });
    expect(await reasonOf(client.deleteBlob({ digest }))).toBe('BLOB_IN_USE');
    await client.setLease({ lease: 'image:a', digests: [] });
    expect((await client.deleteBlob({ digest })).freedBytes).toBe(8n * 1024n * 1024n);
    expect((await client.deleteBlob({ digest })).freedBytes).toBe(0n);
  });

  test('is found without a registry to ask, and only then', async () => {
    const find = () => lastOf(gateway.client.fetchBlob({ repository: '', descriptor }));
    expect(await reasonOf(find())).toBe('BLOB_NOT_FOUND');
    await gateway.client.ingestBlob(messages('image:a', chunked));
    expect(await find()).toMatchObject({ $case: 'blob', value: { alreadyPresent: true, descriptor: { digest } } });
    expect(requestsFor(digest)).toEqual([]);
  });

  test('can be read back from any offset', async () => {
    await gateway.client.ingestBlob(messages('image:a', chunked));
    const parts: Buffer[] = [];
    for await (const { data } of gateway.client.readBlob({ digest, offsetBytes: 3 * MIB + 1 })) parts.push(data);
    expect(Buffer.concat(parts).equals(content.subarray(3 * MIB + 1))).toBe(true);
  });

  test.each([
    [{ digest, offsetBytes: 0 }, 'BLOB_NOT_FOUND'],
    [{ digest, offsetBytes: -1 }, 'INVALID_ARGUMENT'],
    [{ digest: 'sha256:../x', offsetBytes: 0 }, 'DIGEST_INVALID'],
  ])('and %j cannot be read', async (request, reason) => {
    const read = async () => {
      for await (const { data } of gateway.client.readBlob(request)) expect(data).toBeNull();
    };
    expect(await reasonOf(read())).toBe(reason);
  });

  test('refuses another digest and keeps nothing', async () => {
    const wrong = gateway.client.ingestBlob(messages('image:a', chunked, sha256Digest(Buffer.from('x'))));
    expect(await reasonOf(wrong)).toBe('DIGEST_MISMATCH');
    expect(ingests()).toEqual([]);
    expect(await blobs()).toEqual([]);
  });

  test('that its caller breaks off leaves nothing', async () => {
    async function* failing(): AsyncGenerator<Partial<IngestBlobRequest>> {
      yield* messages('image:a', chunked);
      throw new Error('the caller fails');
    }
    await expect(gateway.client.ingestBlob(failing())).rejects.toThrow();
    await waitFor(() => ingests().length === 0, { what: 'the ingest to go' });
    expect(await blobs()).toEqual([]);
  });

  test('that the service did not survive leaves nothing after its next start', async () => {
    const gate = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<Partial<IngestBlobRequest>> {
      yield* messages('image:a', chunked);
      await gate.promise;
    }
    const ingesting = reasonOf(gateway.client.ingestBlob(endless()));
    await waitFor(() => ingests().length > 0, { what: 'the ingest' });
    await gateway.end('SIGKILL');
    gate.resolve();
    expect(await ingesting).not.toBe('none');
    gateway = await startGateway(directory.path);
    expect(ingests()).toEqual([]);
  });

  test('takes a part of a file, by an absolute path', async () => {
    const path = join(directory.path, 'archive');
    writeFileSync(path, Buffer.concat([Buffer.from('before'), content, Buffer.from('after')]));
    async function* fileOf(at: string): AsyncGenerator<Partial<IngestBlobRequest>> {
      yield { part: { $case: 'start', value: { mediaType: 'application/x-tar', digest: '', lease: 'image:a' } } };
      const value = { path: at, offsetBytes: 6n, sizeBytes: BigInt(content.length) };
      yield { part: { $case: 'file', value } };
    }
    const { blob } = await gateway.client.ingestBlob(fileOf(path));
    expect(blob?.descriptor).toMatchObject({ digest });
    expect(readFileSync(blob?.path ?? '').equals(content)).toBe(true);
    expect(await reasonOf(gateway.client.ingestBlob(fileOf('archive')))).toBe('INVALID_ARGUMENT');
    expect(await reasonOf(gateway.client.ingestBlob(fileOf(`${path}-gone`)))).toBe('BLOB_NOT_FOUND');
    expect(ingests()).toEqual([]);
  });

  test('needs a start', async () => {
    async function* dataOnly(): AsyncGenerator<Partial<IngestBlobRequest>> {
      yield { part: { $case: 'data', value: content } };
    }
    expect(await reasonOf(gateway.client.ingestBlob(dataOnly()))).toBe('INVALID_ARGUMENT');
  });
});

describe('a full disk', () => {
  test('fails clearly, leaves nothing, and does not stop the service', async () => {
    await gateway.end('SIGTERM');
    mkdirSync(join(directory.path, 'lib'), { recursive: true });
    gateway = await startGateway(directory.path, { prepare: 'mount -t tmpfs -o size=6m tmpfs "$BERTH_ROOT/lib"' });
    // The test sees the service's own mount through its root.
    const stateDir = `/proc/${gateway.pid}/root${gateway.stateDir}`;
    registry.answers.push(blobAnswer(digest, content));
    expect(await reasonOf(lastOf(fetch()))).toBe('DISK_FULL');
    expect(await reasonOf(lastOf(fetch({ sizeBytes: 0 })))).toBe('DISK_FULL');
    expect(readdirSync(join(stateDir, 'ingest'))).toEqual([]);
    const small = content.subarray(0, MIB);
    registry.answers.push(blobAnswer(sha256Digest(small), small));
    const event = await lastOf(fetch({ digest: sha256Digest(small), sizeBytes: MIB }));
    expect(event).toMatchObject({ $case: 'blob' });
  });
});

describe('configuration', () => {
  test('that is wrong stops the start with a clear error', async () => {
    await gateway.end('SIGTERM');
    mkdirSync(join(directory.path, 'etc'));
    writeFileSync(join(directory.path, 'etc/registry-gateway.json'), '{"stallTimeout":1}');
    await expect(startGateway(directory.path)).rejects.toThrow('registry-gateway.json is not a valid configuration');
  });

  test('credentials are read from the state directory at once', async () => {
    const secret = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    registry.answers.push(({ authorization }, response) => {
      if (authorization === secret) return false;
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    registry.answers.push(blobAnswer(digest, content));
    expect(await reasonOf(lastOf(fetch()))).toBe('REGISTRY_UNAUTHORIZED');
    const auths = { [registry.host]: { auth: Buffer.from('user:secret').toString('base64') } };
    writeFileSync(join(gateway.stateDir, 'credentials.json'), JSON.stringify({ auths }));
    expect(await lastOf(fetch())).toMatchObject({ $case: 'blob' });
  });
});
