import { posix } from 'node:path';
import { BerthError } from '@berth/errors';
import type { MountConfig, MountPropagation, MountRecursion } from '../mount.ts';
import { volumeModeProblem } from './volume-mode.ts';

const MAX_MOUNTS = 1000;

const PROPAGATIONS: readonly MountPropagation[] = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];
const RECURSIONS: readonly MountRecursion[] = ['enabled', 'disabled', 'writable', 'readonly'];

/**
 * The mounts that a container gets: those of the user, then an anonymous volume for each volume of the image that no mount covers, nor one
 * of `inherited`, targets of other containers' mounts. Targets come out clean. Throws INVALID_ARGUMENT, in Docker's words.
 */
export function resolveMounts(
  user: readonly MountConfig[],
  imageVolumes: readonly string[],
  inherited: readonly string[] = [],
): MountConfig[] {
  const mounts = user.map(checkMount);
  const targets = new Set<string>();
  for (const { target } of mounts) {
    if (targets.has(target)) throw invalid(`Duplicate mount point: ${target}`);
    targets.add(target);
  }
  const covered = new Set([...targets, ...inherited]);
  for (const volume of imageVolumes) {
    const mount = checkMount({ type: 'volume', source: '', target: volume, readonly: false, mode: '' });
    if (!covered.has(mount.target)) mounts.push(mount);
    covered.add(mount.target);
  }
  if (mounts.length > MAX_MOUNTS) throw invalid(`too many mounts: ${mounts.length}, at most ${MAX_MOUNTS}`);
  return mounts;
}

/** A propagation from outside; undefined: not said. Throws INVALID_ARGUMENT. */
export function parsePropagation(text: string): MountPropagation | undefined {
  const found = PROPAGATIONS.find((propagation) => propagation === text);
  if (found === undefined && text !== '') {
    throw invalid(`invalid mount config for type "bind": invalid propagation mode: ${text}`);
  }
  return found;
}

/** A recursion from outside; undefined: not said. Throws INVALID_ARGUMENT. */
export function parseRecursion(text: string): MountRecursion | undefined {
  const found = RECURSIONS.find((recursion) => recursion === text);
  if (found === undefined && text !== '') {
    throw invalid(`invalid mount config for type "bind": invalid recursion: ${text}`);
  }
  return found;
}

function checkMount(mount: MountConfig): MountConfig {
  const problem = volumeModeProblem(mount.type === 'tmpfs' ? '' : (mount.mode ?? ''));
  if (problem !== null) throw invalid(problem);
  if (mount.mode === '' && mount.source !== '' && mount.target !== '' && volumeModeProblem(mount.target) === null) {
    throw invalid(`invalid volume specification: '${mount.source}:${mount.target}'`);
  }
  try {
    const target = cleanTarget(isTargetAlone(mount) ? posix.join('/', mount.target) : mount.target);
    checkSettings(mount);
    return { ...mount, source: mount.type === 'bind' ? cleanSource(mount.source) : mount.source, target };
  } catch (error) {
    throw error instanceof MountProblem ? invalid(problemText(mount, error.message)) : error;
  }
}

/** A `-v` or a volume of an image that has a target only; Docker takes that from the root. */
function isTargetAlone({ type, source, target, mode }: MountConfig): boolean {
  return type === 'volume' && source === '' && target !== '' && mode !== undefined;
}

/** What is wrong with a mount, before it is told which. */
class MountProblem extends Error {}

/** As Docker says it of a `-v`, of a volume that has a target only, and of a `--mount`. */
function problemText({ type, source, target, mode }: MountConfig, problem: string): string {
  if (mode === undefined || type === 'tmpfs') return `invalid mount config for type "${type}": ${problem}`;
  if (source === '') return problem;
  const text = [source, target, ...(mode === '' ? [] : [mode])].join(':');
  return `invalid volume specification: '${text}': invalid mount config for type "${type}": ${problem}`;
}

function checkSettings(mount: MountConfig): void {
  const { type, source, readonly, mode, subpath = '', propagation, noCopy } = mount;
  if (type === 'bind' && source === '') throw new MountProblem('field Source must not be empty');
  if (type === 'image' && source === '') throw new MountProblem('field Source must not be empty');
  if (type === 'tmpfs' && source !== '') throw new MountProblem('field Source must not be specified');
  if (type !== 'bind' && propagation !== undefined) throw new MountProblem('field BindOptions must not be specified');
  if (type !== 'volume' && noCopy === true) throw new MountProblem('field VolumeOptions must not be specified');
  if (type === 'volume' && source === '') {
    if (readonly && mode === undefined) {
      throw new MountProblem('must not set ReadOnly mode when using anonymous volumes');
    }
    if (subpath !== '') throw new MountProblem('must not set Subpath when using anonymous volumes');
  }
  checkSubpath(mount);
  checkRecursion(mount);
}

/** A way that could lead out of what is mounted is refused here; links are followed within it alone, when it is mounted. */
function checkSubpath({ subpath = '' }: MountConfig): void {
  if (subpath === '') return;
  const parts = subpath.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || subpath.includes('\0')) {
    throw new MountProblem('subpath must be a relative path within the volume');
  }
}

function checkRecursion({ recursion, readonly, propagation = 'rprivate' }: MountConfig): void {
  if (recursion !== 'writable' && recursion !== 'readonly') return;
  if (!readonly) throw new MountProblem(`recursion ${recursion} needs a read-only mount`);
  if (recursion === 'readonly' && propagation !== 'rprivate') {
    throw new MountProblem('recursion readonly needs the propagation rprivate');
  }
}

function cleanSource(source: string): string {
  checkAbsolute(source);
  return posix.normalize(source).replace(/(?<=.)\/$/, '');
}

function cleanTarget(target: string): string {
  if (target === '') throw new MountProblem('field Target must not be empty');
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (clean === '/') throw new MountProblem("invalid specification: destination can't be '/'");
  checkAbsolute(target);
  // What lies over /proc hides from the runtime what it must check there (CVE-2019-16884).
  if (clean === '/proc' || clean.startsWith('/proc/')) {
    throw invalid(`"${clean}" cannot be mounted because it is inside /proc`);
  }
  return clean;
}

function checkAbsolute(path: string): void {
  if (path.startsWith('/') && !path.includes('\0')) return;
  throw new MountProblem(`invalid mount path: '${path}' mount path must be absolute`);
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
