import type { Timestamp } from '@berth/proto/timestamp';
import { parseTimeOption } from './time-option.ts';

/** The value of `logs --since` or `--until`, to the nanosecond: `docker logs -t` prints so many digits. Throws CliError. */
export function parseLogTime(option: 'since' | 'until', text: string, now: Date): Timestamp {
  const ms = parseTimeOption(text, now, `invalid value for "${option}": `).getTime();
  const digits = /^(?:\d+|\d{4}-\d{2}-\d{2}T[\d:]+)\.(\d{1,9})(?=$|Z|[+-])/.exec(text)?.[1];
  const seconds = Math.floor(ms / 1000);
  const nanos = digits === undefined ? Math.round((ms - seconds * 1000) * 1e6) : Number(digits.padEnd(9, '0'));
  return { seconds: BigInt(seconds), nanos };
}
