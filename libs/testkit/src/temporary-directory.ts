import { mkdtempSync, rmSync } from 'node:fs';

/** A directory of a test's own, with a name short enough for unix sockets below it; removed when disposed. */
export interface TemporaryDirectory extends Disposable {
  readonly path: string;
}

export function createTemporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync('/tmp/berth-');
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
