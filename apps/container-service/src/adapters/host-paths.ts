import { lookup } from 'node:dns/promises';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { BerthError } from '@berth/errors';
import type { HostPaths, MountSharing } from '../ports/files.ts';

/** The host's own paths, in the mount namespace of this service, which is that of the spawner. */
export const hostPaths: HostPaths = {
  exists: existsSync,
  ensureDirectory(path) {
    try {
      if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o755 });
    } catch (error) {
      const { message } = error as Error;
      throw new BerthError('INVALID_ARGUMENT', `error while creating mount source path '${path}': ${message}`, {
        cause: error,
      });
    }
  },
  async addressOf(hostName) {
    try {
      return (await lookup(hostName)).address;
    } catch (error) {
      throw new BerthError('INVALID_ARGUMENT', `error resolving passed in network volume address: ${hostName}`, {
        cause: error,
      });
    }
  },
  sharing: (path) => findSharing(readFileSync('/proc/self/mountinfo', 'utf8'), path),
};

/** The mount that a path lies on, of those in a file as proc_pid_mountinfo(5) has it: of several at one place, the last covers the others. */
function findSharing(mountinfo: string, path: string): MountSharing {
  let found: MountSharing = { mountPoint: '/', shared: false, slave: false };
  for (const line of mountinfo.split('\n')) {
    const [, , , , place = '', , ...optional] = line.split(' ');
    const mountPoint = place.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
    const holds = path === mountPoint || path.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`);
    if (mountPoint === '' || !holds || mountPoint.length < found.mountPoint.length) continue;
    const fields = optional.slice(0, optional.indexOf('-'));
    const has = (name: string): boolean => fields.some((field) => field.startsWith(`${name}:`));
    found = { mountPoint, shared: has('shared'), slave: has('master') };
  }
  return found;
}
