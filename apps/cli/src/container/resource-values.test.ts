import { describe, expect, test } from '@jest/globals';
import {
  checkDeviceRule,
  checkSysctl,
  parseBps,
  parseBytes,
  parseCpus,
  parseDevice,
  parseGpus,
  parseIops,
  parseSwap,
  parseUlimit,
  parseWeight,
} from './resource-values.ts';

describe('values and complaints of docker', () => {
  test.each([
    ['512m', 536_870_912n],
    ['1.5GiB', 1_610_612_736n],
    ['1024', 1024n],
    ['6 MB', 6_291_456n],
    ['10b', 10n],
    ['', "invalid size: ''"],
    ['abc', "invalid size: 'abc'"],
    ['-1', "invalid size: '-1'"],
    ['1x', "invalid suffix: 'x'"],
    ['1mib2', 'strconv.ParseFloat: parsing "1mib2": invalid syntax'],
  ])('bytes: %s', (text, expected) => expect(parseBytes(text)).toEqual(expected));

  test('swap may be without limit', () => expect([parseSwap('-1'), parseSwap('1k')]).toEqual([-1n, 1024n]));

  test.each([
    ['0.5', 500_000_000n],
    ['2', 2_000_000_000n],
    ['.000000001', 1n],
    ['-1', -1_000_000_000n],
    ['0.0000000001', 'value is too precise'],
    ['two', 'failed to parse two as a rational number'],
  ])('processors: %s', (text, expected) => expect(parseCpus(text)).toEqual(expected));

  test.each([
    ['nofile=1:2', { name: 'nofile', soft: 1n, hard: 2n }],
    ['core=-1', { name: 'core', soft: -1n, hard: -1n }],
    ['nofile', 'invalid ulimit argument: nofile'],
    ['files=1', 'invalid ulimit type: files'],
    ['nofile=2:1', 'ulimit soft limit must be less than or equal to hard limit: 2 > 1'],
    ['nofile=1:2:3', 'too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`'],
  ])('ulimits: %s', (text, expected) => expect(parseUlimit(text)).toEqual(expected));

  test.each([
    ['/dev/a', { hostPath: '/dev/a', containerPath: '/dev/a', permissions: 'rwm' }],
    ['/dev/a:r', { hostPath: '/dev/a', containerPath: '/dev/a', permissions: 'r' }],
    ['/dev/a:/dev/b', { hostPath: '/dev/a', containerPath: '/dev/b', permissions: 'rwm' }],
    ['/dev/a:/dev/b:rw', { hostPath: '/dev/a', containerPath: '/dev/b', permissions: 'rw' }],
    ['/dev/a:/dev/b:x', 'bad mode specified: x'],
    ['/dev/a:/dev/b:rr', 'bad mode specified: rr'],
    ['/dev/a:b', 'b is not an absolute path'],
  ])('devices: %s', (text, expected) => expect(parseDevice(text)).toEqual(expected));

  test('rates and weights', () => {
    expect(parseBps('/dev/a:1mb')).toEqual({ path: '/dev/a', rate: 1_048_576n });
    expect(parseBps('/a:1mb')).toBe('bad format for device path: /a:1mb');
    expect(parseIops('/dev/a')).toBe('bad format: /dev/a');
    expect(parseIops('/dev/a:1k')).toMatch(/^invalid rate for device: \/dev\/a:1k\. The correct format is/);
    expect(parseWeight('/dev/a:500')).toEqual({ path: '/dev/a', rate: 500n });
    expect(parseWeight('/dev/a:5')).toBe('invalid weight for device: /dev/a:5');
  });

  test('device rules and kernel parameters', () => {
    expect([checkDeviceRule('c 1:* rwm'), checkSysctl('net.a.b=1'), checkSysctl('kernel.sem=1 2')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(checkDeviceRule('c 1 rwm')).toBe("invalid device cgroup format 'c 1 rwm'");
    expect(checkSysctl('kernel.core_pattern=|/x')).toBe("sysctl 'kernel.core_pattern=|/x' is not allowed");
  });

  test('graphics processors', () => {
    expect(parseGpus('all')).toMatchObject({ count: -1, capabilities: ['gpu'] });
    expect(parseGpus('"device=0,1",driver=nvidia')).toMatchObject({
      deviceIds: ['0', '1'],
      driver: 'nvidia',
      count: 0,
    });
    expect(parseGpus('many')).toMatch(/^invalid count \(many\)/);
  });
});
