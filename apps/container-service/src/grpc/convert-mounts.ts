import {
  MountType,
  type MountConfig as ProtoMountConfig,
  type MountPoint as ProtoMountPoint,
} from '@berth/proto/container';
import { BerthError } from '@berth/errors';
import type { MountConfig, MountPoint } from '../mount.ts';
import { parsePropagation, parseRecursion } from '../spec/mounts.ts';

const MOUNT_TYPES: Readonly<Record<MountConfig['type'], MountType>> = {
  volume: MountType.VOLUME,
  bind: MountType.BIND,
  tmpfs: MountType.TMPFS,
  image: MountType.IMAGE,
};

/** A mount from the wire: what does not belong to its type is not there. Throws INVALID_ARGUMENT. */
export function fromProtoMount(mount: ProtoMountConfig): MountConfig {
  const { source, target, readonly, mode, subpath, noCopy } = mount;
  const shared = { target, readonly, ...(mode === undefined ? {} : { mode }) };
  const part = subpath === '' ? {} : { subpath };
  switch (mount.type) {
    case MountType.TMPFS:
      return { ...shared, type: 'tmpfs', source, tmpfsOptions: mount.tmpfsOptions };
    case MountType.VOLUME: {
      const volume = { driver: mount.driver, options: mount.driverOptions, labels: mount.volumeLabels };
      return { ...shared, ...propagationOf(mount), type: 'volume', source, ...part, noCopy, volume };
    }
    case MountType.BIND:
      return { ...shared, ...propagationOf(mount), type: 'bind', source, noCopy };
    case MountType.IMAGE:
      return { ...shared, type: 'image', source, ...part };
    default:
      throw new BerthError('INVALID_ARGUMENT', `a mount needs a type: volume, bind, tmpfs or image, for ${target}`);
  }
}

function propagationOf(mount: ProtoMountConfig): Pick<MountConfig, 'propagation' | 'recursion'> {
  const propagation = parsePropagation(mount.propagation);
  const recursion = parseRecursion(mount.recursion);
  return { ...(propagation === undefined ? {} : { propagation }), ...(recursion === undefined ? {} : { recursion }) };
}

/** A mount as it was asked for. */
export function toProtoMount(mount: MountConfig): ProtoMountConfig {
  return {
    type: MOUNT_TYPES[mount.type],
    source: mount.source,
    target: mount.target,
    readonly: mount.readonly,
    tmpfsOptions: mount.tmpfsOptions ?? '',
    mode: mount.mode,
    propagation: mount.propagation ?? '',
    recursion: mount.recursion ?? '',
    subpath: mount.subpath ?? '',
    noCopy: mount.noCopy ?? false,
    driver: mount.volume?.driver ?? '',
    driverOptions: { ...mount.volume?.options },
    volumeLabels: { ...mount.volume?.labels },
  };
}

/** A mount, resolved. */
export function toProtoMountPoint(point: MountPoint): ProtoMountPoint {
  const { type, name, source, target, readonly, driver = '', propagation = 'rprivate' } = point;
  return {
    type: MOUNT_TYPES[type],
    name,
    source,
    target,
    readonly,
    driver,
    mode: shownMode(point),
    propagation: type === 'bind' ? propagation : '',
  };
}

/** Docker marks the volumes of its own driver for SELinux unless they were said to be something; an anonymous one only with `--mount`. */
function shownMode({ type, mode, anonymous = false }: MountPoint): string {
  if (mode !== undefined && mode !== '') return mode;
  return type === 'volume' && (mode === undefined || !anonymous) ? 'z' : '';
}
