import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { engineNames, legacyCgroupDirs } from '@berth/client';
import { listDirectory, publishedElements, readDatabase, waitFor, type TestEngine } from '@berth/testkit';
import { expect } from '@jest/globals';

/** Looks into the state of a container-service, which may run. */
export function openState<Result>(engine: TestEngine, look: (database: DatabaseSync) => Result): Result {
  return readDatabase(engine.paths, 'container-service', look);
}

/** What an engine has on the host for its containers. */
export function leftBehind(engine: TestEngine) {
  const { bridge, cgroupDir } = engineNames(engine.root);
  const list = (...parts: string[]): string[] =>
    listDirectory(join(...parts))
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name);
  return {
    runtimes: list(engine.paths.runDir, 'containers'),
    files: list(engine.paths.serviceDir('container-service'), 'containers'),
    snapshots: list(engine.paths.serviceDir('image-service'), 'snapshots'),
    cgroups: [
      ...list(cgroupDir, 'containers'),
      ...list(cgroupDir, 'apart'),
      ...legacyCgroupDirs(cgroupDir).flatMap((dir) => list(dir)),
    ],
    leftovers: openState(engine, (database) => database.prepare('SELECT * FROM leftovers').all()),
    interfaces: list('/sys/class/net', bridge, 'brif'),
    published: publishedElements(engine.root),
  };
}

const NOTHING = { runtimes: [], files: [], snapshots: [], cgroups: [], leftovers: [], interfaces: [], published: [] };

/** Waits for what goes on behind the answers, then fails when something of a container is left. */
export async function expectNothingLeft(engine: TestEngine): Promise<void> {
  const isGone = (): boolean => JSON.stringify(leftBehind(engine)) === JSON.stringify(NOTHING);
  await waitFor(isGone, { what: 'the clean-up' }).catch(() => {});
  expect(leftBehind(engine)).toEqual(NOTHING);
}
