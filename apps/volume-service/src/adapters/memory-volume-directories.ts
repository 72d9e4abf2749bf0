import { BerthError } from '@berth/errors';
import type { VolumeDirectories } from '../ports.ts';

/** VolumeDirectories that forget, for tests: `contents` has what is in each. No limit can be kept unless it is told otherwise. */
export function createMemoryVolumeDirectories({ limitMax = 0 } = {}): VolumeDirectories & {
  readonly contents: Map<string, string[]>;
} {
  const contents = new Map<string, string[]>();
  let staged = 0;
  return {
    contents,
    mountpoint: (name) => `/volumes/${name}/_data`,
    measure: (name) => Promise.resolve(contents.get(name)?.join('').length ?? 0),
    create(name) {
      if (!contents.has(name)) contents.set(name, []);
    },
    discard(name) {
      contents.delete(name);
      return Promise.resolve();
    },
    rename(name, newName) {
      const data = contents.get(name);
      if (data !== undefined) contents.set(newName, data);
      contents.delete(name);
    },
    stage(limitBytes) {
      if (limitBytes > limitMax) {
        return Promise.reject(new BerthError('INVALID_ARGUMENT', 'quota size requested but no quota support'));
      }
      const path = `/trash/${++staged}/_data`;
      contents.set(path, []);
      return Promise.resolve({
        path,
        commit(name) {
          contents.set(name, contents.get(path) ?? []);
          contents.delete(path);
        },
        discard: () => Promise.resolve(void contents.delete(path)),
      });
    },
    replace(name, { path }) {
      contents.set(name, contents.get(path) ?? []);
      contents.delete(path);
      return Promise.resolve();
    },
    replaceContents(name, staged) {
      return this.replace(name, staged);
    },
    finishReplacing: () => {},
    emptyTrash: () => Promise.resolve(),
    list: () => [...contents.keys()].filter((name) => !name.startsWith('/')),
    removeEmpty(name) {
      return contents.get(name)?.length === 0 && contents.delete(name);
    },
  };
}
