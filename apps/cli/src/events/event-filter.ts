import type { Event } from '@berth/proto/event';
import { CliError } from '../cli-error.ts';

const KEYS = ['container', 'event', 'image', 'label', 'network', 'type', 'volume'];

/** Parses the values of `--filter`: of the same key one must match, of different keys all. */
export function parseEventFilters(texts: readonly string[]): (event: Event) => boolean {
  const wanted = new Map<string, string[]>();
  for (const text of texts) {
    const [key = '', ...rest] = text.split('=');
    if (!KEYS.includes(key)) throw new CliError(`Error response from daemon: invalid filter '${key}'`);
    wanted.set(key, [...(wanted.get(key) ?? []), rest.join('=')]);
  }
  return (event) => Array.from(wanted).every(([key, values]) => values.some((value) => matches(event, key, value)));
}

function matches({ noun, verb, objectId, attributes }: Event, key: string, value: string): boolean {
  switch (key) {
    case 'event':
      return verb === value;
    case 'type':
      return noun === value;
    case 'label': {
      const [name = '', ...rest] = value.split('=');
      return Object.hasOwn(attributes, name) && (rest.length === 0 || attributes[name] === rest.join('='));
    }
    case 'image':
      return (noun === 'image' && isObject(objectId, attributes, value)) || attributes.image === value;
    default:
      return noun === key && isObject(objectId, attributes, value);
  }
}

function isObject(id: string, { name }: Record<string, string>, value: string): boolean {
  return id === value || name === value || (value.length >= 12 && id.replace('sha256:', '').startsWith(value));
}
