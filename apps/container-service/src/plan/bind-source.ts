import type { BindSource } from './plan.ts';

/** A file or directory of the host with all that is mounted below it, but for `fields`. */
export function bindSource(path: string, fields: Partial<BindSource> = {}): BindSource {
  return {
    kind: 'bind',
    path,
    recursive: true,
    copyUp: false,
    subpath: '',
    propagation: 0n,
    attributesOnTop: false,
    ...fields,
  };
}
