import { BerthError } from '@berth/errors';
import type { LogConfig } from '../container-config.ts';
import type { LogRotation } from '../plan/plan.ts';

/** The rotation of a log that asks for none. Docker's json-file grows for ever; the engine's does not. */
const DEFAULT_ROTATION: LogRotation = { maxSizeBytes: 10n * 1024n * 1024n, maxFiles: 3 };
const SIZE = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i;
const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** What Go's ParseBool takes for false. */
const GO_FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

const DELIVERY = ['mode', 'max-buffer-size'];
const DETAILS = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const ROTATION = ['max-size', 'max-file', 'compress'];
/** The options of each driver in Docker. Those of delivery are kept and told, for the engine's log never blocks; details are for who shows a log. */
const OPTIONS: Readonly<Record<LogConfig['driver'], readonly string[]>> = {
  'json-file': [...ROTATION, ...DETAILS, ...DELIVERY],
  local: [...ROTATION, ...DELIVERY],
  journald: [...DETAILS, ...DELIVERY],
  none: [],
};

/** A log config from the wire. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseLogConfig(driver: string, options: Readonly<Record<string, string>>): LogConfig {
  const name = driver === '' ? 'json-file' : driver;
  if (!isDriver(name)) {
    throw new BerthError('INVALID_ARGUMENT', `logger: no log driver named '${name}' is registered`);
  }
  for (const option of Object.keys(options)) {
    if (!OPTIONS[name].includes(option)) {
      throw new BerthError('INVALID_ARGUMENT', `unknown log opt '${option}' for ${name} log driver`);
    }
  }
  const config: LogConfig = { driver: name, options };
  logRotation(config);
  return config;
}

/** When the log of a container is rotated; null when it has none. Throws INVALID_ARGUMENT. */
export function logRotation({ driver, options }: LogConfig): LogRotation | null {
  if (driver === 'none') return null;
  checkValues(options);
  return {
    maxSizeBytes: options['max-size'] === undefined ? DEFAULT_ROTATION.maxSizeBytes : parseSize(options['max-size']),
    maxFiles: options['max-file'] === undefined ? DEFAULT_ROTATION.maxFiles : parseCount(options['max-file']),
  };
}

/** Values that stand for something the engine's log does not do are refused, as are those that mean nothing. */
function checkValues({ compress, mode, 'max-buffer-size': buffer }: LogConfig['options']): void {
  if (compress !== undefined && !GO_FALSE.includes(compress)) {
    throw new BerthError('INVALID_ARGUMENT', `compress=${compress} is not supported: rotated logs stay as they are`);
  }
  if (mode !== undefined && mode !== 'blocking' && mode !== 'non-blocking') {
    throw new BerthError('INVALID_ARGUMENT', `logger: logging mode not supported: ${mode}`);
  }
  if (buffer === undefined) return;
  if (mode !== 'non-blocking') {
    throw new BerthError(
      'INVALID_ARGUMENT',
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    );
  }
  parseSize(buffer);
}

function isDriver(name: string): name is LogConfig['driver'] {
  return Object.hasOwn(OPTIONS, name);
}

/** Bytes; 0 for a log that may grow for ever. */
function parseSize(text: string): bigint {
  if (text === '-1') return 0n;
  const [, number = '', unit = ''] = SIZE.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase());
  if (number === '' || !(bytes >= 1)) throw new BerthError('INVALID_ARGUMENT', `invalid size: '${text}'`);
  return BigInt(Math.floor(bytes));
}

function parseCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(count)) throw new BerthError('INVALID_ARGUMENT', `invalid value for max-file: ${text}`);
  if (count < 1) throw new BerthError('INVALID_ARGUMENT', 'max-file cannot be less than 1');
  return count;
}
