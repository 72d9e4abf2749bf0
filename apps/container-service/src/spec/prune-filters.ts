import { BerthError } from '@berth/errors';
import { parseTimeFilter } from './time-filter.ts';

/** A filter as a user writes it: `key=value`. */
export interface Filter {
  readonly key: string;
  readonly value: string;
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

/** What filters of a prune look at: of a container, or of a network. */
interface Prunable extends Labelled {
  readonly createTimeNs: bigint;
}

/** What `until`, `label` and `label!` let through. Throws INVALID_ARGUMENT, in Docker's words. */
export function parsePruneFilters(filters: readonly Filter[], nowNs: bigint): (object: Prunable) => boolean {
  const tests = filters.map(({ key, value }) => parseFilter(key, value, nowNs));
  if (filters.filter(({ key }) => key === 'until').length > 1) {
    throw new BerthError('INVALID_ARGUMENT', 'more than one until filter specified');
  }
  return (object) => tests.every((test) => test(object));
}

function parseFilter(key: string, value: string, nowNs: bigint): (object: Prunable) => boolean {
  switch (key) {
    case 'until': {
      const until = parseTimeFilter(value, nowNs);
      return ({ createTimeNs }) => createTimeNs <= until;
    }
    case 'label':
      return hasLabel(value);
    case 'label!': {
      const has = hasLabel(value);
      return (object) => !has(object);
    }
    default:
      throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}'`);
  }
}

/** Whether something has a label: `name`, or `name=value`. */
export function hasLabel(text: string): (object: Labelled) => boolean {
  const equals = text.indexOf('=');
  if (equals < 0) return ({ labels }) => Object.hasOwn(labels, text);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return ({ labels }) => Object.hasOwn(labels, name) && labels[name] === value;
}
