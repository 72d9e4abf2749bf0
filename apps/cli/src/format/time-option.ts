import { parseTime } from '@berth/client/parse-time';
import { CliError } from '../cli-error.ts';

/** The value of `--since` or `--until`. Throws a CliError in Docker's words. */
export function parseTimeOption(text: string, now: Date): Date {
  const time = parseTime(text, now);
  if (time === null) throw new CliError(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return time;
}
