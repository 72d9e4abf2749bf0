// Pulls and pushes whose services are killed under way: each comes to its end the next time, and nothing half-made is left.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { writeTar } from '@berth/oci';
import { ImageServiceDefinition } from '@berth/proto/image';
import {
  buildTestImage,
  killComponent,
  pushImage,
  readDatabase,
  startTestEngine,
  waitFor,
  type TestEngine,
} from '@berth/testkit';
import { createRandom, type Random } from './support/chaos/random.ts';
import { useRegistry } from './support/use-engine.ts';

const rounds = Number(process.env.BERTH_KILL_ROUNDS ?? 6);
const seed = Number(process.env.BERTH_KILL_SEED ?? 1);
const ROUND_LIMIT_MS = 60_000;
const FILE_BYTES = 400_000;
const MAX_DELAY_MS = 250;
const VICTIMS = ['registry-gateway', 'image-service'] as const;

type Client = ServiceConnection<ImageServiceDefinition>['client'];

const registry = useRegistry();
let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ only: [...VICTIMS], busybox: false });
});
afterAll(() => engine.stop());

async function withClient<T>(act: (client: Client) => Promise<T>): Promise<T> {
  const connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
  try {
    return await act(connection.client);
  } finally {
    connection.close();
  }
}

/** The digest of what was pulled. */
async function pull(client: Client, reference: string): Promise<string> {
  let digest = '';
  for await (const { event } of client.pullImage({ reference })) {
    if (event?.$case === 'done') digest = event.value.digest;
  }
  return digest;
}

/** The digest of what was pushed. */
async function push(client: Client, reference: string): Promise<string> {
  let digest = '';
  for await (const { event } of client.pushImage({ reference })) {
    if (event?.$case === 'pushed') digest = event.value.digest;
  }
  return digest;
}

/** One action, and what must be so when it has ended well. */
interface Story {
  readonly act: (client: Client) => Promise<string>;
  readonly check: (digest: string) => Promise<void>;
}

async function tellPull(name: string): Promise<Story> {
  const layers = Array.from({ length: 3 }, (_, index) => [{ path: `file${index}`, content: randomBytes(FILE_BYTES) }]);
  const image = buildTestImage({ layers });
  await pushImage({ host: registry.host, repository: name, tag: 'latest' }, image);
  const reference = `${registry.host}/${name}:latest`;
  return {
    act: (client) => pull(client, reference),
    async check(digest) {
      expect(digest).toBe(image.manifest.digest);
      const { image: found } = await withClient((client) => client.getImage({ name: reference }));
      expect(found?.id).toBe(image.config.digest);
    },
  };
}

async function tellPush(name: string): Promise<Story> {
  const reference = `${registry.host}/${name}:latest`;
  const tar = writeTar([{ path: 'file', content: randomBytes(2 * FILE_BYTES) }]);
  async function* archive() {
    yield { part: { $case: 'start' as const, value: { reference } } };
    yield { part: { $case: 'data' as const, value: tar } };
  }
  await withClient((client) => client.importImage(archive()));
  return {
    act: (client) => push(client, reference),
    async check(digest) {
      const url = `http://${registry.host}/v2/${name}/manifests/latest`;
      const response = await fetch(url, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } });
      expect(response.headers.get('docker-content-digest')).toBe(digest);
      const { layers } = (await response.json()) as { layers: { digest: string; size: number }[] };
      for (const layer of layers) {
        const blob = await fetch(`http://${registry.host}/v2/${name}/blobs/${layer.digest}`);
        expect((await blob.arrayBuffer()).byteLength).toBe(layer.size);
      }
    },
  };
}

async function killDuring(random: Random, act: () => Promise<unknown>): Promise<void> {
  const ended = act().then(
    () => 'well',
    () => 'badly',
  );
  await sleep(random.below(MAX_DELAY_MS));
  await killComponent(engine, random.pick(VICTIMS));
  await ended;
  await engine.start();
}

/** What lies in the services' directories and belongs to nobody. */
async function findRubbish(): Promise<string[]> {
  const images = engine.paths.serviceDir('image-service');
  const gateway = engine.paths.serviceDir('registry-gateway');
  const list = (...path: string[]) => readdirSync(join(...path)).map((name) => join(...path, name));
  const half = [...list(images, 'staging'), ...list(images, 'trash/layers'), ...list(gateway, 'ingest')];
  const { images: all } = await withClient((client) => client.listImages({ all: true }));
  const [leases, digests] = [queryGateway('lease FROM leases'), queryGateway('digest FROM blobs')];
  const files = readdirSync(join(gateway, 'blobs'), { recursive: true, withFileTypes: true });
  const orphans = files
    .filter((entry) => entry.isFile() && !digests.includes(`sha256:${entry.name}`))
    .map(({ name }) => `blobs/${name}`);
  return all.length > 0 ? [...half, ...orphans] : [...half, ...orphans, ...list(images, 'layers'), ...leases];
}

function queryGateway(what: string): string[] {
  const rows = readDatabase(engine.paths, 'registry-gateway', (database) =>
    database.prepare(`SELECT DISTINCT ${what}`).all(),
  );
  return rows.flatMap((row) => Object.values(row).map(String));
}

async function removeImages(): Promise<void> {
  await withClient(async (client) => {
    for (const { id } of (await client.listImages({ all: true })).images)
      await client.deleteImage({ name: id, force: true });
  });
}

test(
  `what was pulled and pushed is whole after ${rounds} rounds of kills (seed ${seed})`,
  async () => {
    const random = createRandom(seed);
    for (let round = 0; round < rounds; round++) {
      const tell = random.chance(0.5) ? tellPull : tellPush;
      const { act, check } = await tell(`round-${seed}-${round}`);
      await killDuring(random, () => withClient(act));
      await check(await withClient(act));
      await waitFor(async () => (await findRubbish()).length === 0, { what: `no rubbish after round ${round}` });
      await removeImages();
      const isClean = async () => (await findRubbish()).length === 0;
      await waitFor(isClean, { what: `an empty store after round ${round}` }).catch(async (error: unknown) => {
        throw new Error(`round ${round}: ${(await findRubbish()).join(' ')}`, { cause: error });
      });
    }
  },
  rounds * ROUND_LIMIT_MS,
);
