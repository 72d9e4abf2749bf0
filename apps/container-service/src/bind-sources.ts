import { BerthError } from '@berth/errors';
import type { MountConfig, MountPoint } from './mount.ts';
import type { HostPaths } from './ports/files.ts';

/** Makes the source of a bind when `-v` asked for it and it is missing. Throws INVALID_ARGUMENT when it is missing with `--mount`. */
export function prepareBindSource(hostPaths: HostPaths, { type, source, mode }: MountConfig | MountPoint): void {
  if (type !== 'bind') return;
  if (mode !== undefined) hostPaths.ensureDirectory(source);
  else if (!hostPaths.exists(source)) {
    const message = `invalid mount config for type "bind": bind source path does not exist: ${source}`;
    throw new BerthError('INVALID_ARGUMENT', message);
  }
}

/** Checks that mounts can pass between the host and a bind as it says. Throws INVALID_ARGUMENT, in Docker's words. */
export function checkPropagation(hostPaths: HostPaths, { type, source, propagation = 'rprivate' }: MountPoint): void {
  if (type !== 'bind' || propagation.endsWith('private')) return;
  const { mountPoint, shared, slave } = hostPaths.sharing(source);
  const needsShared = propagation.endsWith('shared');
  if (shared || (slave && !needsShared)) return;
  const what = needsShared ? 'a shared' : 'a shared or slave';
  throw new BerthError('INVALID_ARGUMENT', `path ${source} is mounted on ${mountPoint} but it is not ${what} mount`);
}
