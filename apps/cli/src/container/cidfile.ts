import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';

/** The file of `--cidfile`: there as long as the container may come to be, with its id once it is there. */
export interface Cidfile extends Disposable {
  write(id: string): void;
}

/** Opens the file, which must not exist. Disposed before an id was written, it is removed. Without a path it does nothing. */
export function openCidfile(path: string | undefined, cwd: string): Cidfile {
  if (path === undefined) return { write: () => undefined, [Symbol.dispose]: () => undefined };
  const absolute = resolve(cwd, path);
  if (existsSync(absolute)) {
    throw new CliError(`container ID file found, make sure the other container isn't running or delete ${path}`);
  }
  closeSync(openSync(absolute, 'wx', 0o644));
  let written = false;
  return {
    write(id) {
      writeFileSync(absolute, id);
      written = true;
    },
    [Symbol.dispose]() {
      if (!written) rmSync(absolute, { force: true });
    },
  };
}
