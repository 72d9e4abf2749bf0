import { BerthError } from '@berth/errors';
import type { Container } from '../container.ts';
import { parseTimeFilter } from './time-filter.ts';

/** A filter as a user writes it: `key=value`. */
export interface ContainerFilter {
  readonly key: string;
  readonly value: string;
}

/** What `until`, `label` and `label!` let through. Throws INVALID_ARGUMENT, in Docker's words. */
export function parsePruneFilters(
  filters: readonly ContainerFilter[],
  nowNs: bigint,
): (container: Container) => boolean {
  const tests = filters.map(({ key, value }) => parseFilter(key, value, nowNs));
  if (filters.filter(({ key }) => key === 'until').length > 1) {
    throw new BerthError('INVALID_ARGUMENT', 'more than one until filter specified');
  }
  return (container) => tests.every((test) => test(container));
}

function parseFilter(key: string, value: string, nowNs: bigint): (container: Container) => boolean {
  switch (key) {
    case 'until': {
      const until = parseTimeFilter(value, nowNs);
      return ({ createTimeNs }) => createTimeNs <= until;
    }
    case 'label':
      return hasLabel(value);
    case 'label!': {
      const has = hasLabel(value);
      return (container) => !has(container);
    }
    default:
      throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}'`);
  }
}

/** Whether a container has a label: `name`, or `name=value`. */
export function hasLabel(text: string): (container: Container) => boolean {
  const equals = text.indexOf('=');
  if (equals < 0) return ({ labels }) => Object.hasOwn(labels, text);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return ({ labels }) => Object.hasOwn(labels, name) && labels[name] === value;
}
