import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How many files are looked at together: enough to keep the disk busy, few enough to let others in. */
const BATCH = 64;

/** The sizes of all files below a directory, bytes. A file counts once, however many links it has; what goes meanwhile does not count. */
export async function measureDirectory(dir: string): Promise<number> {
  const counted = new Set<string>();
  let bytes = 0;

  async function add(path: string): Promise<void> {
    const stat = await lstat(path).catch(() => null);
    if (stat === null) return;
    if (stat.nlink > 1) {
      const identity = `${stat.dev}:${stat.ino}`;
      if (counted.has(identity)) return;
      counted.add(identity);
    }
    bytes += stat.size;
  }

  const pending = [dir];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const current = next;
    const entries = await readdir(current, { withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(current, name));
    pending.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(current, name)));
    for (let at = 0; at < files.length; at += BATCH) await Promise.all(files.slice(at, at + BATCH).map(add));
  }
  return bytes;
}
