import { BerthError } from '@berth/errors';
import { hasLabel, type Filter } from '../spec/prune-filters.ts';
import { isBoolean, isPredefined, type Network } from './network.ts';

type Test = (network: Network) => boolean;

/** What the filters of a list let through; values of a key are alternatives, but for labels. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseNetworkFilters(
  filters: readonly Filter[],
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
