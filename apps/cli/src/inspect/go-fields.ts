// What a template of `inspect` sees besides the JSON.
import type { Json } from '../format/json.ts';
import { asGoMap, asGoStruct } from '../template/go-map.ts';

/**
 * Fields with what they are while they are empty, which Docker leaves out of the JSON or has as null: a pointer (null), a text, a list, a map of whatever,
 * of texts, or a set. Of a struct its fields, of a list of them those of each entry.
 */
interface EmptyFields {
  readonly [name: string]: null | '' | 'list' | 'map' | 'texts' | 'set' | EmptyFields | readonly [EmptyFields];
}

const EMPTY: EmptyFields = {
  State: { Health: null },
  Config: {
    Cmd: 'list',
    Entrypoint: 'list',
    Env: 'list',
    ExposedPorts: 'set',
    Healthcheck: null,
    Labels: 'texts',
    OnBuild: 'list',
    Shell: 'list',
    StopSignal: '',
    StopTimeout: null,
    User: '',
    Volumes: 'set',
    WorkingDir: '',
  },
  HostConfig: {
    Annotations: 'texts',
    Binds: 'list',
    CapAdd: 'list',
    CapDrop: 'list',
    DeviceCgroupRules: 'list',
    DeviceRequests: 'list',
    Devices: 'list',
    ExtraHosts: 'list',
    GroupAdd: 'list',
    Init: null,
    Links: 'list',
    Mounts: 'list',
    SecurityOpt: 'list',
    StorageOpt: 'texts',
    Sysctls: 'texts',
    Tmpfs: 'texts',
    Ulimits: 'list',
    VolumesFrom: 'list',
  },
  NetworkSettings: { Networks: 'map', Ports: 'map' },
  Labels: 'texts',
  Options: 'texts',
  Mounts: [{ Name: '', Driver: '' }],
};
const SIZES: EmptyFields = { SizeRw: null, SizeRootFs: null };
const OF_IMAGES: EmptyFields = { Variant: '', OsVersion: '' };

/**
 * Adds the fields that scripts test with `{{if .State.Health}}`, and `{{.ID}}`, for Go's name of the field differs from the one in JSON.
 * JSON of the object stays as it is.
 */
export function addGoFields(object: Record<string, Json>): Record<string, Json> {
  if ('Id' in object) define(object, 'ID', object.Id);
  if ('State' in object) addEmpty(object, SIZES);
  if ('RootFS' in object) addEmpty(object, OF_IMAGES);
  // Of the object itself only what it has: one kind has labels, another has not.
  addEmpty(object, Object.fromEntries(Object.entries(EMPTY).filter(([name]) => name in object)));
  return object;
}

function addEmpty(object: Json, fields: EmptyFields): void {
  if (!isObject(object)) return;
  for (const [name, empty] of Object.entries(fields)) {
    const value = object[name];
    if (empty === null || empty === '') {
      if (value === undefined) define(object, name, empty);
    } else if (typeof empty === 'string') {
      if (value === undefined) define(object, name, emptyOf(empty));
      else if (value === null) object[name] = emptyOf(empty);
      else if (empty !== 'list') markMap(value, empty);
    } else if (!isEach(empty)) {
      addEmpty(value ?? null, empty);
    } else if (Array.isArray(value)) {
      for (const entry of value) addEmpty(entry, empty[0]);
    }
  }
}

function markMap(map: Json, kind: 'map' | 'texts' | 'set'): void {
  if (!isObject(map)) return;
  asGoMap(map, kind === 'texts' ? '' : null);
  if (kind === 'set') Object.values(map).filter(isObject).forEach(asGoStruct);
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nil, which is printed as a list or a map of nothing, and is null in JSON. */
function emptyOf(kind: 'list' | 'map' | 'texts' | 'set'): Json {
  const empty = kind === 'list' ? [] : asGoMap({}, kind === 'texts' ? '' : null);
  define(empty, 'toJSON', () => null);
  return empty;
}

function isEach(fields: EmptyFields | readonly [EmptyFields]): fields is readonly [EmptyFields] {
  return Array.isArray(fields);
}

function define(object: object, name: string, value: Json | undefined | (() => null)): void {
  Object.defineProperty(object, name, { value, enumerable: false });
}
