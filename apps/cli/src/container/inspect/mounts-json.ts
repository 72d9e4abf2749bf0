import { MountType, type Container, type MountConfig, type MountPoint } from '@berth/proto/container';
import { sortKeys, type Json } from '../../format/json.ts';

const TYPES: Readonly<Partial<Record<MountType, string>>> = {
  [MountType.VOLUME]: 'volume',
  [MountType.BIND]: 'bind',
  [MountType.TMPFS]: 'tmpfs',
  [MountType.IMAGE]: 'image',
};

/** `Mounts`. */
export function mountsJson({ config, mounts }: Container): Json[] {
  // Docker tells of a `--tmpfs` in HostConfig.Tmpfs alone.
  const hidden = new Set(config?.mounts.filter(isTmpfsOption).map(({ target }) => target));
  return mounts.filter(({ type, target }) => type !== MountType.TMPFS || !hidden.has(target)).map(mountJson);
}

/** Tells a `--tmpfs` from the tmpfs of a `--mount`. */
export function isTmpfsOption({ type, mode }: MountConfig): boolean {
  return type === MountType.TMPFS && mode !== undefined;
}

function mountJson({ type, name, source, target, readonly, driver, mode, propagation }: MountPoint): Json {
  return {
    Type: TYPES[type] ?? '',
    ...(name === '' ? {} : { Name: name }),
    Source: source,
    Destination: target,
    ...(driver === '' ? {} : { Driver: driver }),
    Mode: mode,
    RW: !readonly,
    Propagation: propagation,
  };
}

/** `HostConfig.Mounts`: what `--mount` asked for; nothing when that is nothing. */
export function askedMountsJson(mounts: readonly MountConfig[]): Record<string, Json> {
  const asked = mounts.filter(({ mode }) => mode === undefined);
  return asked.length === 0 ? {} : { Mounts: asked.map(askedMountJson) };
}

function askedMountJson(mount: MountConfig): Json {
  const { type, source, target, readonly } = mount;
  return {
    Type: TYPES[type] ?? '',
    ...(source === '' ? {} : { Source: source }),
    Target: target,
    ...(readonly ? { ReadOnly: true } : {}),
    ...optionsJson(mount),
  };
}

function optionsJson(mount: MountConfig): Record<string, Json> {
  const { type, subpath } = mount;
  switch (type) {
    case MountType.BIND:
      return unlessEmpty('BindOptions', bindOptionsJson(mount));
    case MountType.VOLUME:
      return unlessEmpty('VolumeOptions', volumeOptionsJson(mount));
    case MountType.IMAGE:
      return unlessEmpty('ImageOptions', subpath === '' ? {} : { Subpath: subpath });
    default:
      return unlessEmpty('TmpfsOptions', tmpfsOptionsJson(mount));
  }
}

function bindOptionsJson({ propagation, recursion }: MountConfig): Record<string, Json> {
  return {
    ...(propagation === '' ? {} : { Propagation: propagation }),
    ...(recursion === 'disabled' ? { NonRecursive: true } : {}),
    ...(recursion === 'writable' ? { ReadOnlyNonRecursive: true } : {}),
    ...(recursion === 'readonly' ? { ReadOnlyForceRecursive: true } : {}),
  };
}

function volumeOptionsJson({
  noCopy,
  volumeLabels,
  subpath,
  driver,
  driverOptions,
}: MountConfig): Record<string, Json> {
  const driverConfig = {
    ...(driver === '' ? {} : { Name: driver }),
    ...unlessEmpty('Options', sortKeys(driverOptions)),
  };
  return {
    ...(noCopy ? { NoCopy: true } : {}),
    ...unlessEmpty('Labels', sortKeys(volumeLabels)),
    ...(subpath === '' ? {} : { Subpath: subpath }),
    ...unlessEmpty('DriverConfig', driverConfig),
  };
}

function tmpfsOptionsJson({ tmpfsOptions }: MountConfig): Record<string, Json> {
  const size = /(?:^|,)size=([0-9]+)/.exec(tmpfsOptions)?.[1];
  const mode = /(?:^|,)mode=([0-7]+)/.exec(tmpfsOptions)?.[1];
  return {
    ...(size === undefined ? {} : { SizeBytes: Number(size) }),
    ...(mode === undefined ? {} : { Mode: parseInt(mode, 8) }),
  };
}

function unlessEmpty(name: string, value: Record<string, Json>): Record<string, Json> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}
