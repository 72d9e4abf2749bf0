// What `-v`, `--tmpfs` and `--mount` say.
import { resolve } from 'node:path';
import { MountType, type MountConfig } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';

/** A mount of which nothing is said yet. */
export const NO_MOUNT: MountConfig = {
  type: MountType.VOLUME,
  source: '',
  target: '',
  readonly: false,
  tmpfsOptions: '',
  mode: undefined,
  propagation: '',
  recursion: '',
  subpath: '',
  noCopy: false,
  driver: '',
  driverOptions: {},
  volumeLabels: {},
};

/** Parses the value of `-v`: `/target`, `volume:/target[:mode]`, `/source:/target[:mode]`. Relative sources are below `cwd`. */
export function parseVolume(text: string, cwd: string): MountConfig {
  if (text === '') throw new CliError('invalid empty volume spec', 125);
  const parts = text.split(':');
  if (parts.includes('')) throw new CliError(`invalid spec: ${text}: empty section between colons`, 125);
  if (parts.length > 3) throw new CliError(`invalid spec: ${text}: too many colons`, 125);
  const [source = '', target = '', mode = ''] = parts.length === 1 ? ['', ...parts] : parts;
  const options = mode.split(',');
  const propagation = options.find((option) => /^r?(private|slave|shared)$/.test(option)) ?? '';
  const readonly = options.includes('ro');
  return {
    ...NO_MOUNT,
    ...place(source, cwd),
    target,
    readonly,
    mode,
    propagation,
    noCopy: options.includes('nocopy'),
  };
}

function place(source: string, cwd: string): Pick<MountConfig, 'type' | 'source'> {
  if (source.startsWith('/')) return { type: MountType.BIND, source };
  return source.startsWith('.')
    ? { type: MountType.BIND, source: resolve(cwd, source) }
    : { type: MountType.VOLUME, source };
}

/** Parses the value of `--tmpfs`: `/target[:options]`. */
export function parseTmpfs(text: string): MountConfig {
  const colon = text.indexOf(':');
  const target = colon === -1 ? text : text.slice(0, colon);
  const tmpfsOptions = colon === -1 ? '' : text.slice(colon + 1);
  return { ...NO_MOUNT, type: MountType.TMPFS, target, tmpfsOptions, mode: '' };
}
