import { expect, test } from '@jest/globals';
import { DEFAULT_ISOLATION } from '../isolation.ts';
import { ALL_CAPABILITIES, capabilitiesOf, DEFAULT_CAPABILITIES, parseCapability } from './capabilities.ts';

const NET_ADMIN = 1n << 12n;
const CHOWN = 1n;

test.each([
  [[], [], DEFAULT_CAPABILITIES],
  [['CAP_NET_ADMIN'], [], DEFAULT_CAPABILITIES | NET_ADMIN],
  [[], ['CAP_CHOWN'], DEFAULT_CAPABILITIES & ~CHOWN],
  [['ALL'], ['CAP_CHOWN'], ALL_CAPABILITIES & ~CHOWN],
  [['CAP_CHOWN'], ['ALL'], CHOWN],
  [['CAP_CHOWN'], ['CAP_CHOWN'], DEFAULT_CAPABILITIES],
])('add %j and drop %j', (capabilitiesAdd, capabilitiesDrop, mask) => {
  expect(capabilitiesOf({ ...DEFAULT_ISOLATION, capabilitiesAdd, capabilitiesDrop })).toBe(mask);
});

test('privileged is every capability, whatever is dropped', () => {
  const capabilitiesDrop = ['ALL'];
  expect(capabilitiesOf({ ...DEFAULT_ISOLATION, privileged: true, capabilitiesDrop })).toBe((1n << 41n) - 1n);
});

test('a capability has any case, with or without its prefix', () => {
  expect(['net_admin', 'CAP_net_ADMIN', 'all', 'cap_all'].map(parseCapability)).toEqual([
    'CAP_NET_ADMIN',
    'CAP_NET_ADMIN',
    'ALL',
    'ALL',
  ]);
  expect(() => parseCapability('fly')).toThrow('unknown capability: "CAP_FLY"');
});
