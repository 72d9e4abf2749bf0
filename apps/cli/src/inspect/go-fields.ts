// What a template of `inspect` sees besides the JSON.
import type { Json } from '../format/json.ts';
import { asGoMap } from '../template/go-map.ts';

/** Fields with what they are while Docker leaves them out of the JSON, or that are maps (`texts`: of texts); of a list, those of each entry. */
interface EmptyFields {
  readonly [name: string]: null | '' | 'map' | 'texts' | EmptyFields | readonly [EmptyFields];
}

const EMPTY: EmptyFields = {
  State: { Health: null },
  Config: {
    ExposedPorts: null,
    Healthcheck: null,
    OnBuild: null,
    Shell: null,
    StopSignal: '',
    StopTimeout: null,
    Labels: 'texts',
  },
  HostConfig: { Annotations: null, Init: null, Mounts: null, StorageOpt: null, Sysctls: null, Tmpfs: null },
  NetworkSettings: { Networks: 'map', Ports: 'map' },
  Labels: 'texts',
  Options: 'texts',
  Mounts: [{ Name: '', Driver: '' }],
};
const SIZES: EmptyFields = { SizeRw: null, SizeRootFs: null };

/**
 * Adds the fields that scripts test with `{{if .State.Health}}`, and `{{.ID}}`, for Go's name of the field differs from the one in JSON.
 * JSON of the object stays as it is.
 */
export function addGoFields(object: Record<string, Json>): Record<string, Json> {
  if ('Id' in object) define(object, 'ID', object.Id);
  if ('State' in object) addEmpty(object, SIZES);
  addEmpty(object, EMPTY);
  return object;
}

function addEmpty(object: Json, fields: EmptyFields): void {
  if (object === null || typeof object !== 'object' || Array.isArray(object)) return;
  for (const [name, empty] of Object.entries(fields)) {
    const value = object[name];
    if (empty === null || empty === '') {
      if (value === undefined) define(object, name, empty);
    } else if (empty === 'map' || empty === 'texts') {
      if (typeof value === 'object' && value !== null) asGoMap(value, empty === 'texts' ? '' : null);
    } else if (!isEach(empty)) {
      addEmpty(value ?? null, empty);
    } else if (Array.isArray(value)) {
      for (const entry of value) addEmpty(entry, empty[0]);
    }
  }
}

function isEach(fields: EmptyFields | readonly [EmptyFields]): fields is readonly [EmptyFields] {
  return Array.isArray(fields);
}

function define(object: object, name: string, value: Json | undefined): void {
  Object.defineProperty(object, name, { value, enumerable: false });
}
