import { resolve } from 'node:path';
import { MountType, type MountConfig } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';

/** What may follow the target in `-v`; all but `ro` are accepted and mean nothing here, or are the default. */
const MODES = ['ro', 'rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'private', 'rprivate'];

/** Parses the value of `-v`: `/target`, `volume:/target[:ro]`, `/source:/target[:ro]`. Relative sources are below `cwd`. */
export function parseVolume(text: string, cwd: string): MountConfig {
  if (text === '') throw new CliError('invalid empty volume spec');
  const parts = text.split(':');
  if (parts.length > 3 || parts.includes('')) throw new CliError(`invalid volume specification: '${text}'`);
  const [source, target, modes] = parts.length === 1 ? ['', parts[0] ?? ''] : parts;
  const flags = (modes ?? 'rw').split(',');
  const unknown = flags.find((flag) => !MODES.includes(flag));
  if (unknown !== undefined) throw new CliError(`invalid volume specification: '${text}': invalid mode: ${modes}`);
  return { ...parseSource(source ?? '', cwd), target: target ?? '', readonly: flags.includes('ro'), tmpfsOptions: '' };
}

/** Parses the value of `--tmpfs`: `/target[:options]`. */
export function parseTmpfs(text: string): MountConfig {
  const colon = text.indexOf(':');
  const target = colon === -1 ? text : text.slice(0, colon);
  const tmpfsOptions = colon === -1 ? '' : text.slice(colon + 1);
  return { type: MountType.TMPFS, source: '', target, readonly: false, tmpfsOptions };
}

function parseSource(source: string, cwd: string): Pick<MountConfig, 'type' | 'source'> {
  const isPath = source.startsWith('/') || /^\.{1,2}(\/|$)/.test(source);
  return isPath ? { type: MountType.BIND, source: resolve(cwd, source) } : { type: MountType.VOLUME, source };
}

/** Parses the value of `--mount`: `type=bind,source=/a,target=/b,readonly`. */
export function parseMount(text: string, cwd: string): MountConfig {
  let type = 'volume';
  let source = '';
  let target = '';
  let readonly = false;
  const tmpfs: string[] = [];
  for (const field of text.split(',')) {
    const [key = '', ...rest] = field.split('=');
    const value = rest.join('=');
    switch (key.toLowerCase()) {
      case 'type':
        type = value.toLowerCase();
        break;
      case 'source':
      case 'src':
        source = value;
        break;
      case 'target':
      case 'dst':
      case 'destination':
        target = value;
        break;
      case 'readonly':
      case 'ro':
        readonly = rest.length === 0 || value === 'true' || value === '1';
        break;
      case 'tmpfs-size':
        tmpfs.push(`size=${tmpfsSize(value, text)}`);
        break;
      case 'tmpfs-mode':
        if (!/^[0-7]+$/.test(value)) throw badMount(text, `invalid value for tmpfs-mode: ${value}`);
        tmpfs.push(`mode=${value}`);
        break;
      default:
        throw new CliError(
          `invalid argument ${JSON.stringify(text)} for "--mount" flag: unexpected key '${key}' in '${field}'`,
          125,
        );
    }
  }
  if (target === '')
    throw new CliError(`invalid argument ${JSON.stringify(text)} for "--mount" flag: target is required`, 125);
  if (type === 'tmpfs' && source !== '') throw badMount(text, 'cannot use source with type tmpfs');
  if (type !== 'tmpfs' && tmpfs.length > 0)
    throw badMount(text, `cannot mix 'tmpfs-*' options with mount type '${type}'`);
  return { ...mountSource(type, source, cwd), target, readonly, tmpfsOptions: tmpfs.join(',') };
}

function mountSource(type: string, source: string, cwd: string): Pick<MountConfig, 'type' | 'source'> {
  if (type === 'volume') return { type: MountType.VOLUME, source };
  if (type === 'tmpfs') return { type: MountType.TMPFS, source: '' };
  if (type === 'bind') return { type: MountType.BIND, source: source === '' ? '' : resolve(cwd, source) };
  throw new CliError(`mount type ${JSON.stringify(type)} is not supported: use volume, bind or tmpfs`, 125);
}

/** Bytes of `64m`, as Docker's units have it. */
function tmpfsSize(value: string, text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(value);
  if (match === null) throw badMount(text, `invalid value for tmpfs-size: ${value}`);
  const power = ' kmgtp'.indexOf((match[2] ?? '').toLowerCase() || ' ');
  return Math.floor(Number(match[1]) * 1024 ** power);
}

function badMount(text: string, why: string): CliError {
  return new CliError(`invalid argument ${JSON.stringify(text)} for "--mount" flag: ${why}`, 125);
}
