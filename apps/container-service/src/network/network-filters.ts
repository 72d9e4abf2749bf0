import { BerthError } from '@berth/errors';
import { parseTimeFilter } from '../spec/time-filter.ts';
import { isBoolean, isPredefined, type Network } from './network.ts';

/** A filter as a user writes it: `key=value`. */
export interface NetworkFilter {
  readonly key: string;
  readonly value: string;
}

type Test = (network: Network) => boolean;

/** What the filters of a list let through; values of a key are alternatives, but for labels. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseNetworkFilters(
  filters: readonly NetworkFilter[],
  isUnused: (network: Network) => boolean,
): (network: Network) => boolean {
  const tests: Test[] = [];
  for (const [key, values] of Map.groupBy(filters, (filter) => filter.key)) {
    const alternatives = values.map(({ value }) => parseListFilter(key, value, isUnused));
    tests.push((network) =>
      key === 'label' ? alternatives.every((test) => test(network)) : alternatives.some((test) => test(network)),
    );
  }
  return (network) => tests.every((test) => test(network));
}

/** What `until`, `label` and `label!` let through. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseNetworkPruneFilters(filters: readonly NetworkFilter[], nowNs: bigint): Test {
  if (filters.filter(({ key }) => key === 'until').length > 1) {
    throw new BerthError('INVALID_ARGUMENT', 'more than one until filter specified');
  }
  const tests = filters.map(({ key, value }) => parsePruneFilter(key, value, nowNs));
  return (network) => tests.every((test) => test(network));
}

function parseListFilter(key: string, value: string, isUnused: Test): Test {
  switch (key) {
    case 'driver':
      return ({ driver }) => driver === value;
    case 'id':
      return ({ id }) => id.includes(value);
    case 'name':
      return ({ name }) => name.includes(value);
    case 'label':
      return hasLabel(value);
    case 'scope':
      return () => value === 'local';
    case 'type':
      return typeTest(value);
    case 'dangling':
      return danglingTest(value, isUnused);
    default:
      throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}'`);
  }
}

function typeTest(value: string): Test {
  if (value === 'builtin') return isPredefined;
  if (value === 'custom') return (network) => !isPredefined(network);
  throw new BerthError('INVALID_ARGUMENT', `invalid filter: 'type'='${value}'`);
}

/** Those that could be removed. */
function danglingTest(value: string, isUnused: Test): Test {
  if (!isBoolean(value)) throw new BerthError('INVALID_ARGUMENT', `invalid filter 'dangling=[${value}]'`);
  const wanted = value.toLowerCase().startsWith('t') || value === '1';
  return (network) => (!isPredefined(network) && isUnused(network)) === wanted;
}

function parsePruneFilter(key: string, value: string, nowNs: bigint): Test {
  switch (key) {
    case 'until': {
      const until = parseTimeFilter(value, nowNs);
      return ({ createTimeNs }) => createTimeNs <= until;
    }
    case 'label':
      return hasLabel(value);
    case 'label!': {
      const has = hasLabel(value);
      return (network) => !has(network);
    }
    default:
      throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}'`);
  }
}

function hasLabel(text: string): Test {
  const equals = text.indexOf('=');
  if (equals < 0) return ({ labels }) => Object.hasOwn(labels, text);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return ({ labels }) => Object.hasOwn(labels, name) && labels[name] === value;
}
