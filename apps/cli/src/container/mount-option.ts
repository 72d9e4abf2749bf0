// `--mount`: comma-separated fields, in the words of docker/cli's opts.MountOpt.
import { resolve } from 'node:path';
import { MountType, type MountConfig } from '@berth/proto/container';
import { parseByteSize } from '../options/byte-size.ts';
import { splitCsv } from '../options/csv.ts';
import { parseBool } from '../options/go-values.ts';
import { NO_MOUNT } from './mounts.ts';

const TYPES: Readonly<Record<string, MountType>> = {
  bind: MountType.BIND,
  image: MountType.IMAGE,
  tmpfs: MountType.TMPFS,
  volume: MountType.VOLUME,
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What was read so far. */
interface Draft extends Mutable<MountConfig> {
  typeName: string;
  /** The kinds of mount that options were given for. */
  kinds: Set<string>;
}

/** Parses `type=bind,source=/a,target=/b,readonly`; a string is what is wrong with it. */
export function parseMount(text: string, cwd: string): MountConfig | string {
  const fields = splitCsv(text);
  if (typeof fields === 'string') return fields;
  const draft: Draft = { ...NO_MOUNT, driverOptions: {}, volumeLabels: {}, typeName: 'volume', kinds: new Set() };
  for (const field of fields) {
    const problem = readField(draft, field, cwd);
    if (problem !== undefined) return problem;
  }
  return problemOf(draft) ?? finish(draft);
}

/** An option that is one only when it has a value. */
type Reader = (draft: Draft, value: string, cwd: string) => string | undefined;

const READERS: Readonly<Record<string, Reader>> = {
  type: (draft, value) => void (draft.typeName = value.toLowerCase()),
  source: readSource,
  src: readSource,
  target: readTarget,
  dst: readTarget,
  destination: readTarget,
  readonly: (draft, value) => readFlag('readonly', value, (flag) => (draft.readonly = flag)),
  ro: (draft, value) => readFlag('ro', value, (flag) => (draft.readonly = flag)),
  // What Docker Desktop heeds on a Mac: a Linux host has one way only to keep a mount consistent.
  consistency: () => undefined,
  'bind-propagation': (draft, value) => void (draft.propagation = value.toLowerCase()),
  'bind-nonrecursive': () => 'bind-nonrecursive is deprecated, use bind-recursive=disabled instead',
  'bind-recursive': readRecursion,
  'volume-subpath': (draft, value) => void (draft.subpath = value),
  'volume-nocopy': (draft, value) => {
    const flag = parseBool(value);
    if (flag === undefined) return `invalid value for volume-nocopy: ${value}`;
    draft.noCopy = flag;
    return undefined;
  },
  'volume-label': (draft, value) => readPair(draft.volumeLabels, value),
  'volume-driver': (draft, value) => void (draft.driver = value),
  'volume-opt': (draft, value) => readPair(draft.driverOptions, value),
  'image-subpath': (draft, value) => void (draft.subpath = value),
  'tmpfs-size': (draft, value) => {
    const size = parseByteSize(value);
    if (typeof size === 'string') return `invalid value for tmpfs-size: ${value}`;
    return addTmpfsOption(draft, `size=${size}`);
  },
  'tmpfs-mode': (draft, value) => {
    if (!/^0*[0-7]{1,10}$/.test(value)) return `invalid value for tmpfs-mode: ${value}`;
    return addTmpfsOption(draft, `mode=${value}`);
  },
};

function readField(draft: Draft, field: string, cwd: string): string | undefined {
  const equals = field.indexOf('=');
  const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
  const kind = /^(bind|volume|image|tmpfs)-/.exec(key)?.[1];
  if (equals === -1) {
    const isFlag = ['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive'].includes(key);
    if (!isFlag) return `invalid field '${field}' must be a key=value pair`;
  }
  const read = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
  if (read === undefined) return `unexpected key '${key}' in '${field}'`;
  if (kind !== undefined) draft.kinds.add(kind);
  return read(draft, equals === -1 ? 'true' : field.slice(equals + 1), cwd);
}

function readSource(draft: Draft, value: string, cwd: string): undefined {
  draft.source = value === '.' || value.startsWith('./') ? resolve(cwd, value) : value;
}

function readTarget(draft: Draft, value: string): undefined {
  draft.target = value;
}

function readFlag(key: string, value: string, set: (flag: boolean) => void): string | undefined {
  const flag = parseBool(value);
  if (flag === undefined) return `invalid value for ${key}: ${value}`;
  set(flag);
  return undefined;
}

function readRecursion(draft: Draft, value: string): string | undefined {
  if (!['enabled', 'disabled', 'writable', 'readonly'].includes(value)) {
    return `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`;
  }
  draft.recursion = value === 'enabled' ? '' : value;
  return undefined;
}

function readPair(pairs: Record<string, string>, text: string): undefined {
  const [name = '', ...value] = text.split('=');
  if (name !== '') pairs[name] = value.join('=');
}

function addTmpfsOption(draft: Draft, option: string): undefined {
  draft.tmpfsOptions = [...draft.tmpfsOptions.split(',').filter((other) => other !== ''), option].join(',');
}

function problemOf({ typeName, kinds, target, readonly, recursion, propagation }: Draft): string | undefined {
  if (typeName === '') return 'type is required';
  const other = ['volume', 'image', 'bind', 'tmpfs'].find((kind) => kinds.has(kind) && kind !== typeName);
  if (other !== undefined) return `cannot mix '${other}-*' options with mount type '${typeName}'`;
  if (target === '') return 'target is required';
  const needs = (what: string): string =>
    `option 'bind-recursive=${recursion}' requires '${what}' to be specified in conjunction`;
  if ((recursion === 'writable' || recursion === 'readonly') && !readonly) return needs('readonly');
  if (recursion === 'readonly' && propagation !== 'rprivate') return needs('bind-propagation=rprivate');
  return undefined;
}

function finish({ typeName, kinds: _, ...mount }: Draft): MountConfig | string {
  const type = Object.hasOwn(TYPES, typeName) ? TYPES[typeName] : undefined;
  return type === undefined
    ? `invalid mount type "${typeName}": must be bind, image, tmpfs or volume`
    : { ...mount, type };
}
