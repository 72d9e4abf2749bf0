import { familiarRepository, parseReference } from '@berth/oci';
import type { Event } from '@berth/proto/event';
import { CliError } from '../cli-error.ts';

/** The keys that Docker knows. Of secrets, services and other things of a swarm there are no events. */
const KEYS = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

/** Events with a detail behind a colon, `health_status: healthy`: a filter of the bare name matches every detail. */
const DETAILED_EVENTS = ['health_status', 'exec_create', 'exec_start'];

/** Parses the values of `--filter`: of the same key one must match (of labels, as in Docker, all), of different keys all. */
export function parseEventFilters(texts: readonly string[]): (event: Event) => boolean {
  const wanted = new Map<string, string[]>();
  for (const text of texts) {
    const [key = '', ...rest] = text.split('=');
    if (!KEYS.includes(key)) throw new CliError(`Error response from daemon: invalid filter '${key}'`);
    wanted.set(key, [...(wanted.get(key) ?? []), rest.join('=')]);
  }
  return (event) => Array.from(wanted).every(([key, values]) => matchesKey(event, key, values));
}

function matchesKey(event: Event, key: string, values: readonly string[]): boolean {
  if (key === 'label') return values.every((value) => hasLabel(event.attributes, value));
  return values.some((value) => matches(event, key, value));
}

function matches({ noun, verb, objectId, attributes }: Event, key: string, value: string): boolean {
  switch (key) {
    case 'event':
      return verb === value || (DETAILED_EVENTS.includes(value) && verb.startsWith(value));
    case 'type':
      return noun === value;
    case 'scope':
      return value === 'local';
    case 'image':
      return matchesImage(value, objectId, (noun === 'image' ? attributes.name : attributes.image) ?? '');
    default:
      return noun === key && (objectId.startsWith(value) || (attributes.name ?? '').startsWith(value));
  }
}

function hasLabel(attributes: Readonly<Record<string, string>>, value: string): boolean {
  const [name = '', ...rest] = value.split('=');
  return Object.hasOwn(attributes, name) && (rest.length === 0 || attributes[name] === rest.join('='));
}

/** An image is meant by its id or its name, with or without the tag. */
function matchesImage(value: string, id: string, name: string): boolean {
  return [id, name, withoutTag(id), withoutTag(name)].includes(value);
}

function withoutTag(name: string): string {
  try {
    return familiarRepository(parseReference(name));
  } catch {
    return name;
  }
}
