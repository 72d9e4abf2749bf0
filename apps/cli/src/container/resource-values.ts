// The values of the options for limits, in docker's syntax and with its complaints.
import type { DeviceMapping, DeviceRate, DeviceRequest, Ulimit } from '@berth/proto/container';
import { parseByteSize } from '../options/byte-size.ts';
import { parseInteger } from '../options/go-values.ts';

/** A value, or what is wrong with its text. */
export type Parsed<T extends object | bigint> = T | string;

/** Makes an option's check of a parser. */
export function checkOf(parse: (text: string) => Parsed<object | bigint>): (text: string) => string | undefined {
  return (text) => {
    const parsed = parse(text);
    return typeof parsed === 'string' ? parsed : undefined;
  };
}

/** The value of a text that was checked when it was given. */
export function valueOf<T extends object | bigint>(parsed: Parsed<T>): T {
  if (typeof parsed === 'string') throw new Error(`a value was not checked: ${parsed}`);
  return parsed;
}

/** `512m`. */
export function parseBytes(text: string): Parsed<bigint> {
  const size = parseByteSize(text);
  return typeof size === 'string' ? size : BigInt(size);
}

/** As parseBytes, or -1. */
export function parseSwap(text: string): Parsed<bigint> {
  return text === '-1' ? -1n : parseBytes(text);
}

/** `1.5` processors, in 10^-9. */
export function parseCpus(text: string): Parsed<bigint> {
  const match = /^([+-]?)([0-9]*)\.?([0-9]*)$/.exec(text);
  const [, sign, whole = '', fraction = ''] = match ?? [];
  if (match === null || whole + fraction === '') return `failed to parse ${text} as a rational number`;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 9) return 'value is too precise';
  const nanos = BigInt(whole || '0') * 1_000_000_000n + BigInt(digits.padEnd(9, '0'));
  return sign === '-' ? -nanos : nanos;
}

const ULIMITS = [
  ...['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio'],
  ...['rttime', 'sigpending', 'stack'],
];

/** `nofile=1024:2048`. */
export function parseUlimit(text: string): Parsed<Ulimit> {
  const equals = text.indexOf('=');
  if (equals === -1) return `invalid ulimit argument: ${text}`;
  const name = text.slice(0, equals);
  if (!ULIMITS.includes(name)) return `invalid ulimit type: ${name}`;
  const limits = text.slice(equals + 1).split(':');
  if (limits.length > 2) {
    return `too many limit value arguments - ${text.slice(equals + 1)}, can only have up to two, \`soft[:hard]\``;
  }
  const numbers = limits.map(parseInteger);
  const problem = numbers.find((number) => typeof number === 'string');
  if (problem !== undefined) return problem;
  const [soft = 0, hard = soft] = numbers.map(Number);
  if (hard >= 0 && (soft < 0 || soft > hard)) {
    return `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`;
  }
  return { name, soft: BigInt(soft), hard: BigInt(hard) };
}

/** `/dev/sda:1mb`. */
export function parseBps(text: string): Parsed<DeviceRate> {
  const unit = '<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb';
  return parseRate(
    text,
    parseByteSize,
    `invalid rate for device: ${text}. The correct format is <device-path>:${unit}`,
  );
}

/** `/dev/sda:1000`. */
export function parseIops(text: string): Parsed<DeviceRate> {
  const format = '<device-path>:<number>. Number must be a positive integer';
  return parseRate(text, parseCount, `invalid rate for device: ${text}. The correct format is ${format}`);
}

/** `/dev/sda:500`. */
export function parseWeight(text: string): Parsed<DeviceRate> {
  const parseWeightNumber = (digits: string): number | string => {
    const weight = parseCount(digits);
    return typeof weight === 'number' && weight !== 0 && (weight < 10 || weight > 1000) ? 'out of range' : weight;
  };
  return parseRate(text, parseWeightNumber, `invalid weight for device: ${text}`);
}

function parseRate(
  text: string,
  parse: (text: string) => number | string,
  ...[complaint]: [string]
): Parsed<DeviceRate> {
  const colon = text.indexOf(':');
  if (colon < 1) return `bad format: ${text}`;
  const path = text.slice(0, colon);
  if (!path.startsWith('/dev/')) return `bad format for device path: ${text}`;
  const rate = parse(text.slice(colon + 1));
  return typeof rate === 'string' ? complaint : { path, rate: BigInt(rate) };
}

function parseCount(text: string): number | string {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : 'no number';
}

const isMode = (text: string): boolean => /^(?!.*(.).*\1)[rwm]{1,3}$/.test(text);

/** `/dev/sda[:/dev/xvda][:rwm]`. */
export function parseDevice(text: string): Parsed<DeviceMapping> {
  const parts = text.split(':');
  const [hostPath = '', second = hostPath, third] = parts;
  if (parts.length > 3 || text === '' || second === '') return `bad format for path: ${text}`;
  const shortForm = parts.length === 2 && isMode(second);
  const permissions = third ?? (shortForm ? second : 'rwm');
  const containerPath = shortForm ? hostPath : second;
  if (!isMode(permissions)) return `bad mode specified: ${permissions}`;
  if (!containerPath.startsWith('/')) return `${containerPath} is not an absolute path`;
  return { hostPath, containerPath, permissions };
}

/** `c 1:3 rwm`. */
export function checkDeviceRule(text: string): string | undefined {
  const isRule = /^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text);
  return isRule ? undefined : `invalid device cgroup format '${text}'`;
}

/** `net.core.somaxconn=1024`. */
export function checkSysctl(text: string): string | undefined {
  const name = text.split('=')[0] ?? '';
  const allowed = /^(net\.|fs\.mqueue\.|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$)/;
  return text.includes('=') && allowed.test(name) ? undefined : `sysctl '${text}' is not allowed`;
}

/** `all`, `2`, `device=0,driver=nvidia`. */
export function parseGpus(text: string): Parsed<DeviceRequest> {
  const request = { driver: '', count: 0, deviceIds: [] as string[], capabilities: ['gpu'] };
  const fields = text.match(/("[^"]*"|[^,])+/g) ?? [];
  for (const field of fields.map((each) => each.replaceAll('"', ''))) {
    const [key = '', value] = field.includes('=') ? field.split('=', 2) : ['count', field];
    if (key === 'driver') request.driver = value ?? '';
    else if (key === 'device') request.deviceIds = (value ?? '').split(',');
    else if (key === 'capabilities') request.capabilities = [...(value ?? '').split(','), 'gpu'];
    else if (key === 'count' && value === 'all') request.count = -1;
    else if (key === 'count' && /^-?[0-9]+$/.test(value ?? '')) request.count = Number(value);
    else if (key === 'count')
      return `invalid count (${value}): value must be either "all" or an integer: invalid syntax`;
    else if (key !== 'options') return `unexpected key '${key}' in '${field}'`;
  }
  if (request.count === 0 && request.deviceIds.length === 0) request.count = 1;
  return request;
}
