import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { ImageServiceDefinition, LayerPhase } from '@berth/proto/image';
import { writeTar, type TarEntry } from '@berth/oci';
import {
  buildTestImage,
  findEngineProcesses,
  pushImage,
  startDockerRegistry,
  startTestEngine,
  waitFor,
  type EngineProcess,
  type TestEngine,
  type TestRegistry,
} from '@berth/testkit';

const DIRS = ['layers', 'staging', 'snapshots', 'trash/layers', 'trash/snapshots'];
const small: readonly TarEntry[] = [{ path: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\n' }];
/** Takes a while to unpack. */
const many: readonly TarEntry[] = Array.from({ length: 20_000 }, (_, index) => ({
  path: `d${index % 50}/f${index}`,
  content: 'x',
}));

let engine: TestEngine;
let registry: TestRegistry;
let connection: ServiceConnection<typeof ImageServiceDefinition>;
let state: string;

beforeAll(async () => {
  registry = await startDockerRegistry();
  engine = await startTestEngine({ only: ['registry-gateway', 'image-service'], busybox: false });
  state = engine.paths.serviceDir('image-service');
  connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
});
afterAll(async () => {
  connection.close();
  await engine.stop();
  await registry.close();
});
afterEach(async () => {
  await engine.start();
  const { client } = connection;
  for (const key of (await client.listSnapshots({})).keys) await client.deleteSnapshot({ key });
  for (const { id } of (await client.listImages({})).images) await client.deleteImage({ name: id, force: true });
  await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
});

function leftOver(): string[] {
  return DIRS.flatMap((dir) => readdirSync(join(state, dir)).map((name) => `${dir}/${name}`));
}

async function push(repository: string, layers: readonly (readonly TarEntry[])[]): Promise<string> {
  await pushImage({ host: registry.host, repository, tag: 'latest' }, buildTestImage({ layers }));
  return `${registry.host}/${repository}:latest`;
}

async function pull(reference: string, onExtracting: () => void = () => {}): Promise<void> {
  for await (const { event } of connection.client.pullImage({ reference })) {
    if (event?.$case === 'layer' && event.value.phase === LayerPhase.EXTRACTING) onExtracting();
  }
}

function findProgram(program: string): EngineProcess[] {
  return findEngineProcesses(engine.root).filter(({ commandLine }) => commandLine.includes(program));
}

/** Pulls with a helper that stands still, so that it has not unpacked all by the time that it is known to have begun. */
function pullHalted(reference: string, onExtracting: () => void): Promise<void> {
  kill('berth-layer', 'SIGSTOP');
  return pull(reference, onExtracting);
}

function kill(program: string, signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const { pid } of findProgram(program)) process.kill(pid, signal);
}

/** Puts a tiny file system over one of the service's directories while `run` runs. */
async function onSmallDisk(dir: string, options: string, run: () => Promise<void>): Promise<void> {
  const path = join(state, dir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  try {
    await run();
    expect(readdirSync(path)).toEqual([]);
  } finally {
    execFileSync('umount', ['-l', path]);
  }
}

describe('a service that is killed', () => {
  test('while it unpacks starts again without anything half-made, and pulls', async () => {
    const reference = await push('crash/app', [small, many]);
    const onExtracting = () => {
      kill('image-service');
      kill('berth-layer', 'SIGCONT');
    };
    await expect(pullHalted(reference, onExtracting)).rejects.toThrow();
    await waitFor(
      () => findEngineProcesses(engine.root).every(({ commandLine }) => !commandLine.includes('berth-layer')),
      {
        what: 'the end of the helper',
      },
    );
    await engine.start();
    await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
    expect((await connection.client.listImages({})).images).toEqual([]);
    await pull(reference);
    expect((await connection.client.getImage({ name: reference })).image?.tags).toEqual([reference]);
  });

  test('keeps images and snapshots', async () => {
    const reference = await push('crash/kept', [small]);
    await pull(reference);
    const before = await connection.client.prepareSnapshot({ key: 'container', image: reference });
    kill('image-service');
    await engine.start();
    const after = await connection.client.prepareSnapshot({ key: 'container', image: 'whatever' });
    expect(after.snapshot).toEqual(before.snapshot);
    expect(after.image).toEqual(before.image);
    const { image } = await connection.client.getImage({ name: reference });
    expect(image?.containerIds).toEqual(['container']);
  });

  test('while it imports gives back the lease of the import', async () => {
    const data = writeTar(many);
    const importing = connection.client.importImage(
      (async function* () {
        const start = { reference: 'crash:1', config: Buffer.alloc(0), message: '', platform: '' };
        yield { part: { $case: 'start' as const, value: start } };
        yield { part: { $case: 'data' as const, value: data.subarray(0, 1_000_000) } };
        await new Promise((resolve) => setTimeout(resolve, 100));
        kill('image-service');
      })(),
    );
    await expect(importing).rejects.toThrow();
    await engine.start();
    expect((await connection.client.listImages({})).images).toEqual([]);
  });

  test('is told apart from a helper that is killed', async () => {
    const reference = await push('crash/helper', [many]);
    let killed = false;
    const onExtracting = () => {
      if (!killed) kill('berth-layer');
      killed = true;
    };
    await expect(pullHalted(reference, onExtracting)).rejects.toMatchObject({ reason: 'INTERNAL' });
    await pull(reference);
  });
});

describe('a full disk', () => {
  test('while a layer is unpacked is told, and nothing stays', async () => {
    const reference = await push('full/app', [[{ path: 'big', content: Buffer.alloc(3_000_000, 1) }]]);
    await onSmallDisk('staging', 'size=1m', async () => {
      await expect(pull(reference)).rejects.toMatchObject({ reason: 'DISK_FULL' });
    });
    expect((await connection.client.listImages({})).images).toEqual([]);
  });

  test('when a snapshot is made is told, and nothing stays', async () => {
    const reference = await push('full/snapshot', [small]);
    await pull(reference);
    await onSmallDisk('snapshots', 'size=64k,nr_inodes=1', async () => {
      const preparing = connection.client.prepareSnapshot({ key: 'k', image: reference });
      await expect(preparing).rejects.toMatchObject({ reason: 'DISK_FULL' });
    });
    expect((await connection.client.listSnapshots({})).keys).toEqual([]);
  });
});

describe('a registry-gateway that is down', () => {
  test('is told by name, and images that are here still work', async () => {
    const reference = await push('down/app', [small]);
    await pull(reference);
    kill('registry-gateway');
    await expect(pull(reference)).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    await connection.client.prepareSnapshot({ key: 'k', image: reference });
    await engine.start();
    // The connection is made again within its backoff.
    const pulled = () =>
      pull(reference).then(
        () => true,
        () => false,
      );
    await waitFor(pulled, { what: 'a pull through the gateway that is back' });
  });
});
