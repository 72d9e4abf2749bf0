import { parseTime } from '@berth/client/parse-time';
import { BerthError } from '@berth/errors';

/** The value of an `until` filter as Unix nanoseconds. Throws INVALID_ARGUMENT. */
export function parseTimeFilter(text: string, nowNs: bigint): bigint {
  const time = parseTime(text, new Date(Number(nowNs / 1_000_000n)));
  if (time === null) throw new BerthError('INVALID_ARGUMENT', `invalid time ${JSON.stringify(text)} in filter`);
  return BigInt(time.getTime()) * 1_000_000n;
}
