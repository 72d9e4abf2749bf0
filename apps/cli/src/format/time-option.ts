import { parseTime } from '@berth/client/parse-time';
import { CliError } from '../cli-error.ts';

/** The value of `--since` or `--until`. Throws a CliError in Docker's words, behind others where a command has some. */
export function parseTimeOption(text: string, now: Date, prefix = ''): Date {
  const time = parseTime(text, now);
  if (time === null) throw new CliError(`${prefix}failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return time;
}
