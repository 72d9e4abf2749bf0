import type { VolumeDirectories } from '../ports.ts';

/** VolumeDirectories that forget, for tests: `contents` has what is in each. */
export function createMemoryVolumeDirectories(): VolumeDirectories & {
  readonly contents: Map<string, string[]>;
} {
  const contents = new Map<string, string[]>();
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
    emptyTrash: () => Promise.resolve(),
    list: () => [...contents.keys()],
    removeEmpty(name) {
      return contents.get(name)?.length === 0 && contents.delete(name);
    },
  };
}
