import { expect, test } from '@jest/globals';
import { planTmpfs } from './tmpfs.ts';

test.each([
  ['', 0xen, []],
  ['size=64m,mode=1770,exec', 0x6n, ['size=64m', 'mode=1770']],
  ['rw,noatime,suid,size=1m,size=2m', 0x1cn, ['size=2m']],
  ['ro,strictatime,noatime', 0x1fn, []],
])('a tmpfs with %j', (options, attributes, values) => {
  expect(planTmpfs('/t', options)).toEqual({
    target: '/t',
    source: { kind: 'filesystem', type: 'tmpfs', options: values },
    attributes,
  });
});

test.each(['foo', 'size=x', 'mode=999', 'source=/dev/sda', 'size'])('%j is no option of a tmpfs', (option) => {
  expect(() => planTmpfs('/t', option)).toThrow(`invalid tmpfs option "${option}"`);
});
