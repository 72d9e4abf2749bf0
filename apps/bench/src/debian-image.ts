import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeTar } from '@berth/oci';
import {
  buildTestImage,
  createTemporaryDirectory,
  pushImage,
  startDockerRegistry,
  type TestImage,
  type TestRegistry,
} from '@berth/testkit';

const TREE = '/var/tmp/berth-bench-debian';
const DIVISIONS = 10;
const MIB = 1024 * 1024;
const run = promisify(execFile);

/** A Debian minbase root as images, in a registry on loopback that dockerd reaches too, and as files. */
export interface DebianImage extends AsyncDisposable {
  /** The root as one gzip layer: `127.0.0.1:5000/bench/whole:latest`. */
  readonly whole: string;
  /** The same in ten layers. */
  readonly divided: string;
  /** Ten images, each with one of these layers. */
  readonly parts: readonly string[];
  /** Where the layer of `whole` is at the registry. */
  readonly layerUrl: string;
  /** The unpacked root. */
  readonly tree: string;
  /** An archive as `docker save` writes it, with an uncompressed layer. */
  readonly archive: string;
  /** What the archive is loaded as. */
  readonly archived: string;
  /** The layer alone, a tar. */
  readonly tar: string;
  /** Every digest of the images. */
  readonly digests: readonly string[];
  /** A directory for what is written while one measures, gone at the end. */
  readonly workDir: string;
}

/** Makes it; the root is kept for the next time. Throws with what is missing. */
export async function openDebianImage(): Promise<DebianImage> {
  if (!existsSync(join(TREE, 'etc/debian_version'))) {
    await run('debootstrap', ['--variant=minbase', 'bookworm', TREE], { timeout: 900_000, maxBuffer: 64 * MIB });
    await run('sh', ['-c', 'rm -f "$1"/var/cache/apt/archives/*.deb', 'sh', TREE]);
  }
  const directory = createTemporaryDirectory();
  const registries: TestRegistry[] = [];
  const close = async () => {
    for (const registry of registries) await registry.close();
    directory[Symbol.dispose]();
  };
  try {
    const registry = await startDockerRegistry();
    registries.push(registry);
    const networkOf = findForeignDockerd();
    if (networkOf !== null) registries.push(await startDockerRegistry({ mirror: { of: registry, networkOf } }));
    const images = await pushImages(registry);
    const { host } = registry;
    const archived = 'bench.local/archived:latest';
    const [layer] = images.whole.layers;
    return {
      whole: `${host}/bench/whole:latest`,
      divided: `${host}/bench/divided:latest`,
      parts: images.parts.map((_, index) => `${host}/bench/part${index}:latest`),
      layerUrl: `http://${host}/v2/bench/whole/blobs/${layer?.digest ?? ''}`,
      tree: TREE,
      ...writeFiles(directory.path, images.whole, archived),
      archived,
      digests: [images.whole, images.divided, ...images.parts].flatMap(({ manifest, config, layers }) =>
        [manifest, config, ...layers].map(({ digest }) => digest),
      ),
      workDir: directory.path,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface PushedImages {
  readonly whole: TestImage;
  readonly divided: TestImage;
  readonly parts: readonly TestImage[];
}

async function pushImages({ host }: TestRegistry): Promise<PushedImages> {
  const config = { Cmd: ['bash'] };
  const names = execFileSync('find', ['.'], { cwd: TREE, encoding: 'utf8', maxBuffer: 64 * MIB })
    .trim()
    .split('\n');
  const cut = (index: number): number => Math.floor((names.length * index) / DIVISIONS);
  const tars = Array.from({ length: DIVISIONS }, (_, index) => packFiles(names.slice(cut(index), cut(index + 1))));
  const whole = buildTestImage({ layers: [packFiles(names)], config });
  const divided = buildTestImage({ layers: tars, config });
  const parts = tars.map((tar) => buildTestImage({ layers: [tar], config }));
  const push = (name: string, image: TestImage) =>
    pushImage({ host, repository: `bench/${name}`, tag: 'latest' }, image);
  await push('whole', whole);
  await push('divided', divided);
  for (const [index, part] of parts.entries()) await push(`part${index}`, part);
  return { whole, divided, parts };
}

function packFiles(names: readonly string[]): Buffer {
  const args = ['-c', '--numeric-owner', '--no-recursion', '--verbatim-files-from', '-C', TREE, '-T', '-'];
  return execFileSync('tar', args, { input: names.join('\n'), maxBuffer: 1024 * MIB });
}

function writeFiles(
  dir: string,
  { config, layers, diffIds }: TestImage,
  name: string,
): { archive: string; tar: string } {
  const [tar, archive] = [join(dir, 'layer.tar'), join(dir, 'archive.tar')];
  const blob = join(dir, 'layer.gz');
  writeFileSync(blob, layers[0]?.bytes ?? Buffer.alloc(0));
  execFileSync('sh', ['-c', 'gzip -d <"$1" >"$2"; rm "$1"', 'sh', blob, tar]);
  const layer = `${diffIds[0]?.replace('sha256:', '') ?? ''}/layer.tar`;
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: [layer] }];
  const entries = [
    { path: layer, content: readFileSync(tar) },
    { path: 'config.json', content: config.bytes },
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ];
  writeFileSync(archive, writeTar(entries));
  return { archive, tar };
}

/** A dockerd with a loopback of its own. */
function findForeignDockerd(): number | null {
  const own = readlinkSync('/proc/self/ns/net');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'dockerd') continue;
      if (readlinkSync(`/proc/${pid}/ns/net`) !== own) return Number(pid);
    } catch {
      // It has ended.
    }
  }
  return null;
}
