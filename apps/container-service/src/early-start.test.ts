import { expect, test } from '@jest/globals';
import { EMPTY_IMAGE } from './adapters/memory-clients.ts';
import { aConfig, createMemoryEngine, settle, type MemoryEngine } from './adapters/memory-engine.ts';
import type { ContainerConfig } from './container-config.ts';

/** Runs a container of which nobody wants the output, and gives its id. */
async function run(engine: MemoryEngine, config: Partial<ContainerConfig> = {}): Promise<string> {
  const inputs = (async function* () {})();
  const client = { inputs, signal: new AbortController().signal, terminalSize: null, detach: true };
  let id = '';
  for await (const event of engine.runner.run({ name: '', config: aConfig(config) }, client)) {
    if (event.kind === 'created') id = event.id;
  }
  return id;
}

const began = (engine: MemoryEngine): string[] =>
  engine.runtime.calls.filter((call) => call.startsWith('begin') || call.startsWith('abandon'));

const addressOf = (engine: MemoryEngine, id: string) => engine.stores.containers.get(id)?.state.endpoint?.address;

/** From now on the image's name stands for another one. */
function retag(engine: MemoryEngine, command: string): void {
  const { prepareSnapshot } = engine.images;
  engine.images.prepareSnapshot = async (id, image) => ({
    ...(await prepareSnapshot(id, image)),
    imageId: 'sha256:other',
    image: { ...EMPTY_IMAGE, cmd: [command] },
  });
}

test('a container of an image that was used lately begins to start before its snapshot is there', async () => {
  const engine = createMemoryEngine();
  const [first, second] = [await run(engine), await run(engine)];
  expect(began(engine)).toEqual([`begin /run/${second}`]);
  expect([first, second].map((id) => addressOf(engine, id))).toEqual(['172.17.0.2', '172.17.0.3']);
  expect(engine.runtime.process(`/run/${second}`).plan).toMatchObject({
    rootfs: { upperDir: '/upper' },
    process: { apparmorProfile: 'berth-default' },
  });
  expect(engine.files.names.get(second)?.hosts).toContain('172.17.0.3\t');
});

test('one whose image is another by then is started anew, with what that says', async () => {
  const engine = createMemoryEngine();
  await run(engine);
  retag(engine, 'other');
  const id = await run(engine);
  expect(began(engine)).toEqual([`begin /run/${id}`, `abandon /run/${id}`]);
  expect(engine.runtime.process(`/run/${id}`).plan).toMatchObject({ process: { arguments: ['other'] } });
  expect(engine.stores.containers.get(id)).toMatchObject({ imageId: 'sha256:other', state: { status: 'running' } });
});

test('one whose image is gone leaves nothing', async () => {
  const engine = createMemoryEngine();
  await run(engine);
  engine.images.images.delete('busybox');
  await expect(run(engine)).rejects.toMatchObject({ reason: 'IMAGE_NOT_FOUND' });
  expect(began(engine)).toEqual([expect.stringMatching(/^begin/), expect.stringMatching(/^abandon/)]);
  engine.images.images.set('busybox', EMPTY_IMAGE);
  expect(addressOf(engine, await run(engine))).toBe('172.17.0.3');
  expect(engine.files.list()).toHaveLength(2);
  expect(engine.troubles).toEqual([]);
});

test('one that cannot be claimed leaves nothing, and its address is free', async () => {
  const engine = createMemoryEngine();
  await run(engine);
  const { replace } = engine.stores.containers;
  engine.stores.containers.replace = () => {
    throw new Error('no space left on device');
  };
  await expect(run(engine)).rejects.toThrow('no space left on device');
  engine.stores.containers.replace = replace;
  expect(began(engine)).toHaveLength(2);
  expect(addressOf(engine, await run(engine))).toBe('172.17.0.3');
});

test('what its start is refused for is told', async () => {
  const engine = createMemoryEngine();
  await run(engine);
  await expect(run(engine, { user: 'nobody-knows' })).rejects.toMatchObject({ reason: 'USER_INVALID' });
  await settle();
  expect(began(engine)).toEqual([]);
  expect(addressOf(engine, await run(engine))).toBe('172.17.0.3');
});

test.each<[string, Partial<ContainerConfig>]>([
  ['ports', { portBindings: [{ containerPort: '80/tcp', hostAddress: '', firstHostPort: 0, lastHostPort: 0 }] }],
  ['volumes', { mounts: [{ type: 'volume', source: 'named', target: '/data', readonly: true }] }],
  ['a user namespace of its own', { userNamespaceMode: 'auto' }],
])('one with %s waits for its row', async (_, config) => {
  const engine = createMemoryEngine();
  await run(engine);
  await run(engine, config);
  expect(began(engine)).toEqual([]);
});

test('of a burst none begins early', async () => {
  const engine = createMemoryEngine();
  await run(engine);
  const { prepareSnapshot } = engine.images;
  engine.images.prepareSnapshot = async (id, image) => {
    await settle();
    return prepareSnapshot(id, image);
  };
  await Promise.all([run(engine), run(engine)]);
  expect(began(engine)).toEqual([]);
});

test('one with the namespaces of another waits for its row', async () => {
  const engine = createMemoryEngine();
  const id = await run(engine);
  await run(engine, { networkMode: `container:${id}` });
  expect(began(engine)).toEqual([]);
});
