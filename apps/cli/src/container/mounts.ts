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
  return { ...parseSource(source ?? '', cwd), target: target ?? '', readonly: flags.includes('ro') };
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
      default:
        throw new CliError(
          `invalid argument ${JSON.stringify(text)} for "--mount" flag: unexpected key '${key}' in '${field}'`,
          125,
        );
    }
  }
  if (target === '')
    throw new CliError(`invalid argument ${JSON.stringify(text)} for "--mount" flag: target is required`, 125);
  return { ...mountSource(type, source, cwd), target, readonly };
}

function mountSource(type: string, source: string, cwd: string): Pick<MountConfig, 'type' | 'source'> {
  if (type === 'volume') return { type: MountType.VOLUME, source };
  if (type === 'bind') return { type: MountType.BIND, source: source === '' ? '' : resolve(cwd, source) };
  throw new CliError(`mount type ${JSON.stringify(type)} is not supported: use volume or bind`, 125);
}
