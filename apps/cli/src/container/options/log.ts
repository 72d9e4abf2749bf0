// Where the output of a container goes.
import type { LogConfig } from '@berth/proto/container';
import { CliError } from '../../cli-error.ts';
import type { Options, OptionValues } from '../../options/option.ts';

export const LOG_OPTIONS = {
  'log-driver': { kind: 'string', help: 'Logging driver for the container' },
  'log-opt': { kind: 'list', help: 'Log driver options' },
} as const satisfies Options;

/** What the options ask for; absent when they say nothing. */
export function logConfig(options: OptionValues<typeof LOG_OPTIONS>): LogConfig | undefined {
  const driver = options['log-driver'] ?? '';
  const pairs = options['log-opt'].map((text) => {
    const equals = text.indexOf('=');
    return equals === -1 ? ([text, ''] as const) : ([text.slice(0, equals), text.slice(equals + 1)] as const);
  });
  if (driver === 'none' && pairs.length > 0) throw new CliError('invalid logging opts for driver none', 125);
  return driver === '' && pairs.length === 0 ? undefined : { driver, options: Object.fromEntries(pairs) };
}
