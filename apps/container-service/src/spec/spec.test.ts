import { describe, expect, test } from '@jest/globals';
import { resolveCommand } from './command.ts';
import { generateContainerId } from './container-id.ts';
import { checkContainerName, generateContainerName } from './container-name.ts';
import { checkEnvironment, mergeEnvironment, processEnvironment } from './environment.ts';
import { resolveMounts } from './mounts.ts';
import { parseVolumesFrom } from './volumes-from.ts';
import { formatSignal, parseSignal } from './signal.ts';
import { checkConfig, resolveWorkingDirectory } from './specify-container.ts';
import { aConfig } from '../adapters/memory-engine.ts';

describe('resolveCommand', () => {
  const image = { entrypoint: ['/entry'], cmd: ['serve'] };

  test.each<[string, [entrypoint: string[] | null, command: string[]], string[], number]>([
    ['takes both from the image', [null, []], ['/entry', 'serve'], 1],
    ['puts the user’s command behind the image’s entrypoint', [null, ['work']], ['/entry', 'work'], 1],
    ['drops the image’s command with an entrypoint of the user’s', [['/mine'], []], ['/mine'], 1],
    ['joins an entrypoint and a command of the user’s', [['/mine', '-x'], ['work']], ['/mine', '-x', 'work'], 2],
    ['runs the command alone with an empty entrypoint', [[], ['work']], ['work'], 0],
  ])('%s', (_name, [entrypoint, command], expected, entrypointCount) => {
    expect(resolveCommand({ entrypoint, command }, image)).toEqual({ arguments: expected, entrypointCount });
  });

  test('refuses when nothing is left', () => {
    expect(() => resolveCommand({ entrypoint: [], command: [] }, image)).toThrow('no command specified');
    expect(() => resolveCommand({ entrypoint: null, command: [] }, { entrypoint: [], cmd: [] })).toThrow(
      'no command specified',
    );
  });
});

describe('environment', () => {
  test('the user’s variables come first and win', () => {
    expect(mergeEnvironment(['A=1', 'B'], ['B=2', 'A=0', 'C=3'])).toEqual(['A=1', 'B', 'C=3']);
  });

  test('a process gets PATH, HOSTNAME, TERM and HOME unless they are set', () => {
    const defaults = { hostname: 'h', terminal: true, home: '/root' };
    expect(processEnvironment(['A=1=2'], defaults)).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=h',
      'TERM=xterm',
      'A=1=2',
      'HOME=/root',
    ]);
    expect(processEnvironment(['HOME=/h', 'PATH=/p', 'TERM'], defaults)).toEqual(['PATH=/p', 'HOSTNAME=h', 'HOME=/h']);
    expect(processEnvironment([], { ...defaults, terminal: false })).not.toContain('TERM=xterm');
  });

  test.each(['', '=x', 'A=\0'])('refuses %j', (entry) => {
    expect(() => checkEnvironment([entry])).toThrow('invalid environment variable');
  });
});

test('exposed ports are numbers with a protocol', () => {
  expect(() => checkConfig(aConfig({ exposedPorts: ['80/tcp', '65535/sctp'] }))).not.toThrow();
  for (const port of ['80', '0/tcp', '65536/udp', '80/icmp', '-1/tcp']) {
    expect(() => checkConfig(aConfig({ exposedPorts: [port] }))).toThrow(`invalid port: "${port}"`);
  }
});

describe('signals', () => {
  test.each<[string, number]>([
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sigkill', 9],
    ['15', 15],
    ['RTMIN+3', 37],
    ['SIGRTMAX-1', 63],
    ['64', 64],
  ])('%s is %d', (text, number) => expect(parseSignal(text)).toBe(number));

  test.each(['', 'FOO', '0', '65', '-9', 'RTMIN+99', '9x', 'SIGSIGTERM', 'toString'])('%j is none', (text) => {
    expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`);
  });

  test('have names', () => {
    expect([formatSignal(15), formatSignal(40)]).toEqual(['SIGTERM', '40']);
  });
});

describe('names and ids', () => {
  test('an id has 64 digits, and its short form is no number', () => {
    const all = [Buffer.alloc(32, 0x12), Buffer.alloc(32, 0xab)];
    expect(generateContainerId(() => all.shift() as Buffer)).toBe('ab'.repeat(32));
    expect(generateContainerId()).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a generated name reads adjective_surname, and is nobody else’s', () => {
    expect(generateContainerName(() => false)).toMatch(/^[a-z]+_[a-z]+$/);
    const zero = () => 0;
    expect(generateContainerName((name) => !name.endsWith('0'), zero)).toBe('able_amundsen0');
  });

  test.each(['a', '-ab', 'a b', 'a/b', '', 'é1', 'a'.repeat(256)])('refuses the name %j', (name) => {
    expect(() => checkContainerName(name)).toThrow(
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  });
});

describe('resolveMounts', () => {
  const volume = (target: string, source = 'v') => ({ type: 'volume' as const, source, target, readonly: false });
  const bind = (source: string, target: string) => ({ type: 'bind' as const, source, target, readonly: true });

  test('adds an anonymous volume for each volume of the image that no mount covers', () => {
    expect(resolveMounts([volume('/data/')], ['/data', '/cache', '/cache/'])).toEqual([
      volume('/data'),
      { ...volume('/cache', ''), mode: '' },
    ]);
    expect(resolveMounts([], ['data'])).toEqual([{ ...volume('/data', ''), mode: '' }]);
    expect(resolveMounts([], ['/data', '/cache'], ['/cache']).map(({ target }) => target)).toEqual(['/data']);
  });

  test('cleans paths', () => {
    expect(resolveMounts([bind('/a/../b/', '/x//y/./z/')], [])).toEqual([bind('/b', '/x/y/z')]);
  });

  test.each([
    [[volume('/a'), volume('/a/')], 'Duplicate mount point: /a'],
    [[volume('a')], "invalid mount path: 'a' mount path must be absolute"],
    [[{ ...volume('.', ''), mode: '' }], "invalid specification: destination can't be '/'"],
    [[volume('/')], "invalid specification: destination can't be '/'"],
    [[volume('/a/..')], "invalid specification: destination can't be '/'"],
    [[bind('a', '/a')], "invalid mount path: 'a' mount path must be absolute"],
    [
      [{ ...volume('b', '/a'), mode: 'ro' }],
      'invalid volume specification: \'/a:b:ro\': invalid mount config for type "volume": invalid mount',
    ],
    [[{ ...bind('/a', '/b'), mode: 'fast' }], 'invalid mode: fast'],
    [[{ ...bind('/a', '/b'), mode: 'ro,rw' }], 'invalid mode: ro,rw'],
    [[{ ...volume('ro', 'v'), mode: '' }], "invalid volume specification: 'v:ro'"],
    [[bind('', '/a')], 'invalid mount config for type "bind": field Source must not be empty'],
    [[{ ...volume('/a', ''), readonly: true }], 'must not set ReadOnly mode when using anonymous volumes'],
    [[{ ...volume('/a', ''), subpath: 'b' }], 'must not set Subpath when using anonymous volumes'],
    [[{ ...volume('/a'), subpath: '../b' }], 'subpath must be a relative path within the volume'],
    [[{ ...volume('/a'), propagation: 'rslave' as const }], 'field BindOptions must not be specified'],
    [[{ ...bind('/a', '/b'), noCopy: true }], 'field VolumeOptions must not be specified'],
    [[bind('/a', '/proc/self')], '"/proc/self" cannot be mounted because it is inside /proc'],
    [[bind('/a', '/x/../proc')], '"/proc" cannot be mounted because it is inside /proc'],
  ])('refuses %j', (mounts, message) => {
    expect(() => resolveMounts(mounts, [])).toThrow(message);
  });

  test.each([
    ['web', { container: 'web', readonly: false }],
    ['web:ro,z', { container: 'web', readonly: true }],
  ])('takes %s to have volumes from', (text, parsed) => {
    expect(parseVolumesFrom(text)).toEqual(parsed);
  });

  test.each([
    ['', 'volumes-from specification cannot be an empty string'],
    ['web:fast', 'invalid mode: fast'],
    ['web:rslave', "invalid volume specification: 'web:rslave'"],
  ])('refuses %j to have volumes from', (text, message) => {
    expect(() => parseVolumesFrom(text)).toThrow(message);
  });

  test('refuses a hostile volume of an image', () => {
    expect(() => resolveMounts([], ['/proc/sys'])).toThrow('inside /proc');
  });
});

describe('what a config is refused for', () => {
  test('a working directory that is not absolute', () => {
    expect(() => resolveWorkingDirectory('tmp')).toThrow(
      "the working directory 'tmp' is invalid, it needs to be an absolute path",
    );
    expect(resolveWorkingDirectory('/a/../b/')).toBe('/b');
    expect(resolveWorkingDirectory('')).toBe('/');
  });

  test.each(['a b', 'a\n1.2.3.4', 'a#b', 'a\0', 'ä'.repeat(33)])('the host name %j', (hostname) => {
    expect(() => checkConfig(aConfig({ hostname }))).toThrow(`invalid hostname format: ${hostname}`);
  });

  test.each(['my_app', '-a', 'ä'.repeat(32)])('but not the host name %j', (hostname) => {
    expect(() => checkConfig(aConfig({ hostname }))).not.toThrow();
  });

  test('a stop signal that is none, and no image', () => {
    expect(() => checkConfig(aConfig({ stopSignal: 'FOO' }))).toThrow('invalid signal: FOO');
    expect(() => checkConfig(aConfig({ image: '' }))).toThrow('an image is needed');
  });
});
