import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineNames, legacyCgroupDirs } from '@berth/client';
import { listDirectory, publishedElements, type TestEngine } from '@berth/testkit';

/** What is there of containers, in files and in the kernel: nothing when all are removed. */
export function findLeftovers({ root, paths }: TestEngine): string[] {
  const { bridge, cgroupDir } = engineNames(root);
  const images = paths.serviceDir('image-service');
  return [
    ...entries(join(paths.runDir, 'containers')),
    ...entries(join(paths.serviceDir('container-service'), 'containers')),
    ...entries(join(images, 'snapshots')),
    ...[...['containers', 'apart'].map((name) => join(cgroupDir, name)), ...legacyCgroupDirs(cgroupDir)].flatMap(
      directories,
    ),
    ...entries(`/sys/class/net/${bridge}/brif`),
    ...publishedElements(root),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(root) && !line.includes(' berth-test ')),
  ];
}

/** The layer directories of an engine, complete or not. */
export function layerDirectories({ paths }: TestEngine): string[] {
  const images = paths.serviceDir('image-service');
  return ['layers', 'tmp', 'ingest'].flatMap((name) => entries(join(images, name))).sort();
}

function entries(dir: string): string[] {
  return listDirectory(dir).map(({ name }) => join(dir, name));
}

function directories(dir: string): string[] {
  return listDirectory(dir).flatMap((entry) => (entry.isDirectory() ? [join(dir, entry.name)] : []));
}
