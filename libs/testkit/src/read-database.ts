import { copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EnginePaths, ServiceName } from '@berth/client';
import { createTemporaryDirectory } from './temporary-directory.ts';

const FILES = ['state.db', 'state.db-wal'];

/** Looks into the database of a service, which may run and has it for itself then: so into a copy. */
export function readDatabase<Result>(
  paths: EnginePaths,
  service: ServiceName,
  look: (database: DatabaseSync) => Result,
): Result {
  using copy = createTemporaryDirectory();
  const dir = paths.serviceDir(service);
  let seen: string;
  do {
    seen = versionOf(dir);
    for (const name of FILES.filter((each) => existsSync(join(dir, each))))
      copyFileSync(join(dir, name), join(copy.path, name));
  } while (versionOf(dir) !== seen);
  using database = new DatabaseSync(join(copy.path, 'state.db'));
  return look(database);
}

/** Changes when anything is written. */
function versionOf(dir: string): string {
  const stats = FILES.map((name) => statSync(join(dir, name), { bigint: true, throwIfNoEntry: false }));
  return stats.map((stat) => `${stat?.ino} ${stat?.size} ${stat?.mtimeNs}`).join();
}
