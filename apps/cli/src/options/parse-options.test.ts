import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './parse-options.ts';
import type { Options } from './option.ts';

const OPTIONS = {
  all: { kind: 'flag', short: 'a', help: '' },
  interactive: { kind: 'flag', short: 'i', help: '' },
  tty: { kind: 'flag', short: 't', help: '' },
  proxy: { kind: 'flag', help: '', initially: true },
  name: { kind: 'string', help: '' },
  env: { kind: 'list', short: 'e', help: '' },
  last: { kind: 'int', short: 'n', help: '' },
  platform: { kind: 'strings', help: '' },
  net: { kind: 'string', aliasOf: 'network', hidden: true, help: '' },
  network: { kind: 'string', help: '' },
  stream: { kind: 'list', short: 's', help: '', check: (value) => (value === 'out' ? undefined : 'no such stream') },
} as const satisfies Options;

const NOTHING = {
  all: false,
  interactive: false,
  tty: false,
  proxy: true,
  name: undefined,
  env: [],
  last: undefined,
  platform: [],
  net: undefined,
  network: undefined,
  stream: [],
};

describe('values', () => {
  test.each([
    ['', {}, []],
    ['-it x', { interactive: true, tty: true }, ['x']],
    ['-ite A=1 x', { interactive: true, tty: true, env: ['A=1'] }, ['x']],
    ['-eA=1 -e=B=2 -e C', { env: ['A=1', 'B=2', 'C'] }, []],
    ['-n3', { last: 3 }, []],
    ['-n=-3', { last: -3 }, []],
    ['-n 0x10', { last: 16 }, []],
    ['--last 010', { last: 8 }, []],
    ['--name=', { name: '' }, []],
    ['--name=a=b', { name: 'a=b' }, []],
    ['--name -x', { name: '-x' }, []],
    ['--all=false', { all: false }, []],
    ['--all=T', { all: true }, []],
    ['-a=false x', { all: false }, ['x']],
    ['--proxy=false', { proxy: false }, []],
    ['--net host', { network: 'host' }, []],
    ['--platform a,b --platform c', { platform: ['a', 'b', 'c'] }, []],
    ['x -a y', { all: true }, ['x', 'y']],
    ['x -- -a y', {}, ['x', '-a', 'y']],
    ['- x', {}, ['-', 'x']],
    ['-a -- x', { all: true }, ['x']],
  ])('%s', (line, values, args) => {
    const parsed = parseOptions(
      OPTIONS,
      line.split(' ').filter((word) => word !== ''),
    );
    expect(parsed.values).toEqual({ ...NOTHING, ...values });
    expect(parsed.args).toEqual(args);
    expect(parsed.help).toBe(false);
  });

  test('the first argument ends the options of a command that runs another', () => {
    const { values, args } = parseOptions(OPTIONS, ['-i', 'busybox', 'ls', '-a', '--', 'x'], false);
    expect(values).toEqual({ ...NOTHING, interactive: true });
    expect(args).toEqual(['busybox', 'ls', '-a', '--', 'x']);
  });

  test('what was given is told from what was not', () => {
    expect(parseOptions(OPTIONS, ['--all=false', '--net=x']).given).toEqual(new Set(['all', 'network']));
  });
});

test.each([
  ['--help', 'long'],
  ['-h', 'short'],
  ['-ah', 'short'],
])('%s asks for help', (word, help) => {
  expect(parseOptions(OPTIONS, [word]).help).toBe(help);
});

describe('mistakes', () => {
  // Recorded from docker 28.
  test.each([
    ['--foo', 'unknown flag: --foo'],
    ['--foo=bar', 'unknown flag: --foo'],
    ['--help --foo', 'unknown flag: --foo'],
    ['-z', "unknown shorthand flag: 'z' in -z"],
    ['-az', "unknown shorthand flag: 'z' in -z"],
    ['-azt', "unknown shorthand flag: 'z' in -zt"],
    ['-n', "flag needs an argument: 'n' in -n"],
    ['-an', "flag needs an argument: 'n' in -n"],
    ['--last', 'flag needs an argument: --last'],
    ['-n x', 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    ['--last=3x', 'invalid argument "3x" for "-n, --last" flag: strconv.ParseInt: parsing "3x": invalid syntax'],
    ['--tty=foo', 'invalid argument "foo" for "-t, --tty" flag: strconv.ParseBool: parsing "foo": invalid syntax'],
    ['-s in', 'invalid argument "in" for "-s, --stream" flag: no such stream'],
    ['--=x', 'bad flag syntax: --=x'],
    ['---', 'bad flag syntax: ---'],
    ['--constructor', 'unknown flag: --constructor'],
  ])('%s', (line, message) => {
    expect(() => parseOptions(OPTIONS, line.split(' '))).toThrow(message);
  });
});
