import { posix } from 'node:path';
import { BerthError } from '@berth/errors';
import type { MountConfig } from '../container-config.ts';

const MAX_MOUNTS = 1000;

/**
 * The mounts that a container gets: those of the user, then an anonymous volume for each volume of the image that no mount covers.
 * Targets come out clean. Throws INVALID_ARGUMENT, in Docker's words.
 */
export function resolveMounts(user: readonly MountConfig[], imageVolumes: readonly string[]): MountConfig[] {
  const mounts = user.map(checkMount);
  const targets = new Set<string>();
  for (const { target } of mounts) {
    if (targets.has(target)) throw invalid(`Duplicate mount point: ${target}`);
    targets.add(target);
  }
  for (const volume of imageVolumes) {
    const mount = checkMount({ type: 'volume', source: '', target: volume, readonly: false });
    if (!targets.has(mount.target)) mounts.push(mount);
    targets.add(mount.target);
  }
  if (mounts.length > MAX_MOUNTS) throw invalid(`too many mounts: ${mounts.length}, at most ${MAX_MOUNTS}`);
  return mounts;
}

function checkMount(mount: MountConfig): MountConfig {
  const target = cleanTarget(mount.type, mount.target);
  if (mount.type !== 'bind') return { ...mount, target };
  if (!mount.source.startsWith('/') || mount.source.includes('\0')) {
    throw invalid(
      `invalid mount config for type "bind": invalid mount path: '${mount.source}' mount path must be absolute`,
    );
  }
  return { ...mount, source: posix.normalize(mount.source), target };
}

function cleanTarget(type: MountConfig['type'], target: string): string {
  if (!target.startsWith('/') || target.includes('\0')) {
    throw invalid(
      `invalid mount config for type "${type}": invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (clean === '/')
    throw invalid(`invalid mount config for type "${type}": invalid specification: destination can't be '/'`);
  // What lies over /proc hides from the runtime what it must check there (CVE-2019-16884).
  if (clean === '/proc' || clean.startsWith('/proc/')) {
    throw invalid(`"${clean}" cannot be mounted because it is inside /proc`);
  }
  return clean;
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
