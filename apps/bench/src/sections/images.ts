import { connectService } from '@berth/client';
import { sha256Digest, writeTar, type TarEntry } from '@berth/oci';
import { ImageServiceDefinition } from '@berth/proto/image';
import type { Section } from '../section.ts';
import { median } from '../statistics.ts';

const IMAGES = 1000;
const LISTS = 50;
const REPOSITORY = 'bench.local/image';
/** A usual config has some variables, a command and a history. */
const HISTORY = Array.from({ length: 10 }, (_, index) => ({ created_by: `RUN step ${index}`, empty_layer: index > 0 }));

/** An archive of images that share a layer; each has a config of its own and two names. */
function buildArchive(): Buffer {
  const layer = writeTar([{ path: 'file', content: 'x' }]);
  const rootfs = { type: 'layers', diff_ids: [sha256Digest(layer)] };
  const configs = Array.from({ length: IMAGES }, (_, index) => {
    const created = new Date(1_700_000_000_000 + index * 1000).toISOString();
    const config = { Env: ['PATH=/usr/bin:/bin', 'LANG=C.UTF-8'], Cmd: ['sh'], Labels: { index: String(index) } };
    return JSON.stringify({ architecture: 'amd64', os: 'linux', created, config, rootfs, history: HISTORY });
  });
  const manifest = configs.map((_, index) => ({
    Config: `${index}.json`,
    RepoTags: [`${REPOSITORY}:${index}`, `${REPOSITORY}-${index}:latest`],
    Layers: ['layer.tar'],
  }));
  const files: TarEntry[] = configs.map((content, index) => ({ path: `${index}.json`, content }));
  return writeTar([
    { path: 'layer.tar', content: layer },
    ...files,
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}

async function* split(data: Buffer): AsyncGenerator<{ data: Buffer }> {
  for (let at = 0; at < data.length; at += 65_536) yield { data: data.subarray(at, at + 65_536) };
  await Promise.resolve();
}

async function medianOf(run: () => Promise<unknown>): Promise<string> {
  const taken: number[] = [];
  for (let i = 0; i < LISTS; i++) {
    const start = performance.now();
    await run();
    taken.push(performance.now() - start);
  }
  return `${median(taken).toFixed(1)} ms`;
}

/** A thousand images: their load, and the lists of them. */
export const measureImages: Section = async ({ engine }) => {
  using connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
  const { client } = connection;
  const ids: string[] = [];
  try {
    const archive = buildArchive();
    const start = performance.now();
    for await (const { image } of client.loadImages(split(archive))) ids.push(image?.id ?? '');
    const loaded = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const filters = [{ key: 'reference', value: `${REPOSITORY}-*:latest` }];
    const labels = [{ key: 'label', value: 'index' }];
    const whole = await medianOf(() => client.listImages({}));
    const amounts = [
      { name: `load of ${IMAGES} from one archive`, amount: loaded },
      {
        name: `list of ${IMAGES}, without their configs`,
        amount: await medianOf(() => client.listImages({ omitConfig: true })),
      },
      { name: 'with their configs', amount: whole },
      { name: 'those of a pattern', amount: await medianOf(() => client.listImages({ filters, omitConfig: true })) },
      {
        name: 'those with a label',
        amount: await medianOf(() => client.listImages({ filters: labels, omitConfig: true })),
      },
      { name: 'one of them', amount: await medianOf(() => client.getImage({ name: `${REPOSITORY}:500` })) },
    ];
    return { tables: [{ title: 'many images over gRPC', amounts }], absentees: [] };
  } finally {
    for (const name of ids) await client.deleteImage({ name, force: true });
  }
};
