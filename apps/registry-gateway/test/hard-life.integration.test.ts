// The gateway on a disk that is full again and again, killed at any time. `BERTH_GATEWAY_ROUNDS=300 BERTH_GATEWAY_SEED=7` runs more of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resolvePaths } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { sha256Digest } from '@berth/oci';
import {
  buildTestImage,
  createTemporaryDirectory,
  pushImage,
  startDockerRegistry,
  type TemporaryDirectory,
  type TestRegistry,
} from '@berth/testkit';
import { startGateway, type GatewayClient, type GatewayProcess } from './gateway-process.ts';

const rounds = Number(process.env.BERTH_GATEWAY_ROUNDS ?? 2);
const seed = Number(process.env.BERTH_GATEWAY_SEED ?? 1);
const ROUND_LIMIT_MS = 30_000;
const DEEDS = 16;
const DISK_MIB = 16;
/** Sometimes not even a page is left, sometimes enough for a blob but not for what follows. */
const FREE_MAX_BYTES = 1_500_000;
const KILL_MAX_MS = 20;

const CONTENTS = [10, 60_000, 700_000, 1_100_000].map((size, index) => Buffer.alloc(size, `content ${index} `));
const image = buildTestImage({
  layers: [1, 2].map((index) => [{ path: 'file', content: noise(600_000 * index, index) }]),
});

let directory: TemporaryDirectory;
let registry: TestRegistry;
let stateDir: string;

beforeAll(async () => {
  directory = createTemporaryDirectory();
  stateDir = resolvePaths({ BERTH_ROOT: directory.path }).serviceDir('registry-gateway');
  mkdirSync(stateDir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=0700`, 'tmpfs', stateDir]);
  registry = await startDockerRegistry();
  await pushImage({ host: registry.host, repository: 'app', tag: 'latest' }, image);
});
afterAll(async () => {
  await registry.close();
  execFileSync('umount', [stateDir]);
  directory[Symbol.dispose]();
});

/** Bytes that gzip cannot shorten, and that are the same each time. */
function noise(size: number, start: number): Buffer {
  const random = createRandom(start);
  return Buffer.from(Array.from({ length: size }, () => random() * 256));
}

/** Numbers from 0 to 1, the same for the same seed (xorshift). */
function createRandom(start: number): () => number {
  let state = Math.imul(start + 1, 2_654_435_761) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Takes all of the disk but so many bytes. */
function fillDisk(leftBytes: number): void {
  emptyDisk();
  const { bavail, bsize } = statfsSync(stateDir);
  try {
    writeFileSync(join(stateDir, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
  } catch (error) {
    // What was killed may have been faster, and then it is full as well.
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

function emptyDisk(): void {
  rmSync(join(stateDir, 'filler'), { force: true });
}

/** What the gateway has said that it keeps. */
type Told = Set<string>;

interface Life {
  readonly client: GatewayClient;
  readonly told: Told;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

async function ingest({ client, told, pick }: Life): Promise<void> {
  const content = pick(CONTENTS);
  const digest = sha256Digest(content);
  async function* parts() {
    yield { part: { $case: 'start' as const, value: { mediaType: 'text/plain', digest, lease: digest } } };
    for (let at = 0; at < content.length; at += 65_536) {
      yield { part: { $case: 'data' as const, value: content.subarray(at, at + 65_536) } };
    }
    await Promise.resolve();
  }
  await client.ingestBlob(parts());
  told.add(digest);
}

async function release({ client, told, pick }: Life): Promise<void> {
  const digest = sha256Digest(pick(CONTENTS));
  // From here on nobody can tell.
  told.delete(digest);
  await client.setLease({ lease: digest, digests: [] });
  await client.deleteBlob({ digest });
}

async function fetch({ client, pick }: Pick<Life, 'client' | 'pick'>): Promise<void> {
  const { digest, mediaType, size } = pick(image.layers);
  const descriptor = { digest, mediaType, sizeBytes: BigInt(size) };
  for await (const event of client.fetchBlob({ repository: `${registry.host}/app`, descriptor })) void event;
}

async function forget({ client, pick }: Life): Promise<void> {
  await client.deleteBlob({ digest: pick(image.layers).digest });
}

/** Every row has its file, every file its row, and each blob is what its name says. */
async function expectConsistent(client: GatewayClient, told: Told): Promise<void> {
  const { blobs } = await client.listBlobs({});
  const files = readdirSync(join(stateDir, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  expect(files.map((path) => `sha256:${basename(path)}`).sort()).toEqual(blobs.map(({ digest }) => digest).sort());
  for (const path of files) expect(sha256Digest(readFileSync(path))).toBe(`sha256:${basename(path)}`);
  const partials = image.layers.map(({ digest }) => digest.replace(':', '-'));
  for (const name of readdirSync(join(stateDir, 'ingest'))) expect(partials).toContain(name);
  for (const digest of told) {
    expect(blobs.map((blob) => blob.digest)).toContain(digest);
    await expect(client.deleteBlob({ digest })).rejects.toMatchObject({ reason: 'BLOB_IN_USE' });
  }
}

/** What may come of a deed; the rest is a defect. */
function isExpected(error: unknown, isKilled: boolean): boolean {
  return isBerthError(error, 'DISK_FULL', 'BLOB_IN_USE') || (isKilled && isBerthError(error, 'SERVICE_UNAVAILABLE'));
}

/** Lives on the disk that fills up, is killed amid a deed, and tells how often the disk was full. */
async function live(gateway: GatewayProcess, told: Told, random: () => number): Promise<number> {
  let refusals = 0;
  const pick: Life['pick'] = (items) => items[Math.floor(random() * items.length)] as (typeof items)[number];
  const life = { client: gateway.client, told, pick };
  const act = (isKilled: boolean) =>
    pick([ingest, ingest, release, fetch, forget])(life).catch((error: unknown) => {
      if (!isExpected(error, isKilled)) throw error;
      if (isBerthError(error, 'DISK_FULL')) refusals++;
    });
  for (let deed = 0; deed < DEEDS; deed++) {
    if (random() < 0.6) fillDisk(random() ** 3 * FREE_MAX_BYTES);
    else emptyDisk();
    await act(false);
  }
  emptyDisk();
  await expectConsistent(gateway.client, told);
  const last = act(true);
  const delayMs = random() * KILL_MAX_MS;
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await gateway.end('SIGKILL');
  await last;
  return refusals;
}

test(
  `a full disk and a kill at any time cost nothing that was told, and leave nothing half-made, in ${rounds} rounds (seed ${seed})`,
  async () => {
    const told: Told = new Set();
    let refusals = 0;
    for (let round = 0; round < rounds; round++) {
      await using gateway = await startGateway(directory.path);
      try {
        await expectConsistent(gateway.client, told);
        refusals += await live(gateway, told, createRandom(seed * 1_000_003 + round));
      } catch (error) {
        throw new Error(`round ${round} of seed ${seed}`, { cause: error });
      }
    }
    await using gateway = await startGateway(directory.path);
    await expectConsistent(gateway.client, told);
    for (const layer of image.layers) await fetch({ client: gateway.client, pick: () => layer as never });
    expect(refusals).toBeGreaterThan(0);
  },
  rounds * ROUND_LIMIT_MS,
);
