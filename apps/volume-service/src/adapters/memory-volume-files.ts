import { join } from 'node:path/posix';
import type { VolumeFiles } from '../ports.ts';

/** VolumeFiles over the contents of memory-volume-directories, for tests: an archive is a line for each file. */
export function createMemoryVolumeFiles(contents: Map<string, string[]>): VolumeFiles {
  const keyOf = (dir: string): string => /^\/volumes\/(.*)\/_data$/.exec(dir)?.[1] ?? join(dir);
  return {
    copy(fromDir, toDir) {
      contents.set(keyOf(toDir), [...(contents.get(keyOf(fromDir)) ?? [])]);
      return Promise.resolve();
    },
    async *archive(dir) {
      for (const file of contents.get(keyOf(dir)) ?? []) yield await Promise.resolve(Buffer.from(`${file}\n`));
    },
    async extract(dir, data) {
      let text = '';
      for await (const chunk of data) text += Buffer.from(chunk).toString();
      const files = text.split('\n').filter((file) => file !== '');
      contents.set(keyOf(dir), [...(contents.get(keyOf(dir)) ?? []), ...files]);
    },
  };
}
