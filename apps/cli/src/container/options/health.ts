// How the health of a container is checked.
import { parseDuration } from '@berth/client/parse-time';
import type { HealthCheck } from '@berth/proto/container';
import { CliError } from '../../cli-error.ts';
import type { Options, OptionValues } from '../../options/option.ts';

const duration = (help: string) =>
  ({
    kind: 'string',
    valueName: 'duration',
    help,
    check: (value: string) => (parseDuration(value) === null ? durationProblem(value) : undefined),
  }) as const;

export const HEALTH_OPTIONS = {
  'health-cmd': { kind: 'string', help: 'Command to run to check health' },
  'health-interval': duration('Time between running the check (ms|s|m|h) (default 0s)'),
  'health-on-failure': {
    kind: 'string',
    help: 'Action to take once the container turns unhealthy ("none", "kill", "restart", "stop")',
    check: (value) =>
      ['none', 'kill', 'restart', 'stop'].includes(value) ? undefined : 'must be none, kill, restart or stop',
  },
  'health-retries': { kind: 'int', help: 'Consecutive failures needed to report unhealthy' },
  'health-start-interval': duration('Time between running the check during the start period (ms|s|m|h) (default 0s)'),
  'health-start-period': duration(
    'Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)',
  ),
  'health-timeout': duration('Maximum time to allow one check to run (ms|s|m|h) (default 0s)'),
  'no-healthcheck': { kind: 'flag', help: 'Disable any container-specified HEALTHCHECK' },
} as const satisfies Options;

/** What Go's time.ParseDuration says. */
function durationProblem(text: string): string {
  const quoted = JSON.stringify(text);
  const [, unit] = /^[+-]?(?:\d+\.?\d*|\.\d+)([^\d.]*)/.exec(text) ?? [];
  if (unit === undefined) return `time: invalid duration ${quoted}`;
  return unit === ''
    ? `time: missing unit in duration ${quoted}`
    : `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
}

/** What the options ask for; absent when they say nothing. */
export function healthCheck(options: OptionValues<typeof HEALTH_OPTIONS>): HealthCheck | undefined {
  const command = options['health-cmd'] ?? '';
  const retries = options['health-retries'] ?? 0;
  const check = {
    intervalNanos: nanos('--health-interval', options['health-interval']),
    timeoutNanos: nanos('--health-timeout', options['health-timeout']),
    startPeriodNanos: nanos('--health-start-period', options['health-start-period']),
    startIntervalNanos: nanos('--health-start-interval', options['health-start-interval']),
    retries,
    onFailure: options['health-on-failure'] ?? '',
  };
  const asksForSomething = command !== '' || Object.values(check).some((value) => Boolean(value));
  if (options['no-healthcheck']) {
    if (asksForSomething) throw new CliError('--no-healthcheck conflicts with --health-* options', 125);
    return { ...check, test: ['NONE'] };
  }
  if (!asksForSomething) return undefined;
  if (retries < 0) throw new CliError('--health-retries cannot be negative', 125);
  return { ...check, test: command === '' ? [] : ['CMD-SHELL', command] };
}

function nanos(option: string, text: string | undefined): bigint {
  const ms = text === undefined ? 0 : (parseDuration(text) ?? 0);
  if (ms < 0) throw new CliError(`${option} cannot be negative`, 125);
  return BigInt(Math.round(ms * 1e6));
}
