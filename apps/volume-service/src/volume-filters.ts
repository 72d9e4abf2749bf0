import { BerthError } from '@berth/errors';
import type { VolumeWithUses } from './ports.ts';

/** A filter as a user writes it: `key=value`. */
export interface VolumeFilter {
  readonly key: string;
  readonly value: string;
}

type Test = (volume: VolumeWithUses) => boolean;

/** What the filters of a list let through: of names and drivers one must fit, of labels all. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseListFilters(filters: readonly VolumeFilter[]): Test {
  checkKeys(filters, ['name', 'driver', 'label', 'dangling']);
  const valuesOf = (wanted: string): string[] => filters.filter(({ key }) => key === wanted).map(({ value }) => value);
  const names = valuesOf('name').map(parsePattern);
  const drivers = valuesOf('driver');
  const labels = valuesOf('label').map(hasLabel);
  const dangling = parseFlag('dangling', valuesOf('dangling'));
  return (volume) =>
    (names.length === 0 || names.some((fits) => fits(volume.name))) &&
    (drivers.length === 0 || drivers.includes(volume.driver)) &&
    labels.every((has) => has(volume)) &&
    (dangling === null || dangling === (volume.containerIds.length === 0));
}

/** What a prune may remove, and whether that is more than the anonymous ones. Throws INVALID_ARGUMENT, in Docker's words. */
export function parsePruneFilters(filters: readonly VolumeFilter[]): Test {
  checkKeys(filters, ['all', 'label', 'label!']);
  const all = parseFlag(
    'all',
    filters.filter(({ key }) => key === 'all').map(({ value }) => value),
  );
  const tests = filters.map(({ key, value }): Test => {
    const has = hasLabel(value);
    if (key === 'label') return has;
    return key === 'label!' ? (volume) => !has(volume) : () => true;
  });
  return (volume) => (all === true || volume.anonymous) && tests.every((test) => test(volume));
}

function checkKeys(filters: readonly VolumeFilter[], known: readonly string[]): void {
  const unknown = filters.find(({ key }) => !known.includes(key));
  if (unknown !== undefined) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${unknown.key}'`);
}

/** Null when nobody asks. */
function parseFlag(key: string, values: readonly string[]): boolean | null {
  if (values.length === 0) return null;
  const isTrue = values.some((value) => value === '1' || value === 'true');
  const isFalse = values.some((value) => value === '0' || value === 'false');
  if (isTrue === isFalse) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}=[${values.join(' ')}]'`);
  return isTrue;
}

/** A name is a regular expression, or is taken literally when it is none. */
function parsePattern(text: string): (name: string) => boolean {
  try {
    const pattern = new RegExp(text);
    return (name) => name === text || pattern.test(name);
  } catch {
    return (name) => name === text;
  }
}

/** `name`, or `name=value`. */
function hasLabel(text: string): Test {
  const equals = text.indexOf('=');
  if (equals < 0) return ({ labels }) => Object.hasOwn(labels, text);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return ({ labels }) => Object.hasOwn(labels, name) && labels[name] === value;
}
