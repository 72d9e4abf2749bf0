import { MountType, type Container, type MountPoint } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';

/** `Mounts`. */
export function mountsJson({ mounts }: Container): Json[] {
  // Docker tells of these in HostConfig.Tmpfs alone.
  return mounts.filter(({ type }) => type !== MountType.TMPFS).map(mountJson);
}

function mountJson({ type, name, source, target, readonly }: MountPoint): Json {
  const isVolume = type === MountType.VOLUME;
  return {
    Type: isVolume ? 'volume' : 'bind',
    ...(isVolume ? { Name: name } : {}),
    Source: source,
    Destination: target,
    ...(isVolume ? { Driver: 'local' } : {}),
    Mode: readonly ? 'ro' : '',
    RW: !readonly,
    Propagation: isVolume ? '' : 'rprivate',
  };
}
