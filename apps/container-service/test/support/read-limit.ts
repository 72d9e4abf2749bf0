import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineNames, legacyCgroupDirs } from '@berth/client';
import type { TestEngine } from '@berth/testkit';

/** What a file of a container's control groups holds; the names are those of v1, then of v2. */
export function readLimit(engine: TestEngine, id: string, ...[v1, v2]: [string, string]): string {
  const { cgroupDir } = engineNames(engine.root);
  const files = [
    ...legacyCgroupDirs(cgroupDir).map((dir) => join(dir, id, v1)),
    ...['containers', 'apart'].map((name) => join(cgroupDir, name, id, v2)),
  ];
  return readFileSync(files.find((file) => existsSync(file)) ?? '', 'utf8').trim();
}
