import { CliError } from '../cli-error.ts';

/** An image config's `Healthcheck`: times in nanoseconds. */
export interface Healthcheck {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

type Times = 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval';

const TIMES: Readonly<Record<string, Times>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};
const UNIT_NANOS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const SHORTEST_NANOS = 1e6;

/** Parses what follows HEALTHCHECK in a Dockerfile. Throws CliError in the words of Docker's builder. */
export function parseHealthcheck(value: string, parseList: (text: string) => string[] | undefined): Healthcheck {
  const check: Healthcheck = { Test: [] };
  let rest = value;
  for (let option; (option = /^--([a-z-]+)=(\S*)\s*/.exec(rest)) !== null; rest = rest.slice(option[0].length)) {
    applyOption(check, option[1] ?? '', option[2] ?? '');
  }
  const [, kind = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  check.Test = parseTest(kind, command, parseList);
  return check;
}

function parseTest(kind: string, command: string, parseList: (text: string) => string[] | undefined): string[] {
  switch (kind.toUpperCase()) {
    case 'NONE':
      if (command !== '') fail('HEALTHCHECK NONE takes no arguments');
      return ['NONE'];
    case 'CMD': {
      if (command === '') fail('Missing command after HEALTHCHECK CMD');
      const list = parseList(command);
      return list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list];
    }
    default:
      return fail(`Unknown type "${kind.toUpperCase()}" in HEALTHCHECK (try CMD)`);
  }
}

function applyOption(check: Healthcheck, name: string, value: string): void {
  const time = TIMES[name];
  if (time !== undefined) {
    check[time] = parseTime(name, value);
  } else if (name === 'retries') {
    if (!/^\d+$/.test(value)) fail(`--retries must be at least 0, not ${value}`);
    check.Retries = Number(value);
  } else {
    fail(`Unknown flag: ${name}`);
  }
}

/** A duration as Go writes it: `1m30s`, `0`. */
function parseTime(name: string, value: string): number {
  if (value === '0') return 0;
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(value)) fail(`time: invalid duration "${value}"`);
  let nanos = 0;
  for (const [, amount, unit = ''] of value.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    nanos += Number(amount) * (UNIT_NANOS[unit] ?? 0);
  }
  if (nanos !== 0 && nanos < SHORTEST_NANOS) fail(`Interval "${name}" cannot be less than 1ms`);
  return Math.round(nanos);
}

function fail(message: string): never {
  throw new CliError(`Error response from daemon: ${message}`);
}
