import { describe, expect, test } from '@jest/globals';
import { isAddressAllowed, isInCidr, isLoopbackHost } from './address-rule.ts';

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['a.localhost', true],
  ['localhost.example.com', false],
  ['128.0.0.1', false],
  ['registry.example.com', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});

describe('isAddressAllowed', () => {
  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '100.100.100.200',
    'fd00:ec2::254',
    'fe80::1',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
  ])('never %s', (address) => {
    expect(isAddressAllowed(address, { allowLoopback: true })).toBe(false);
  });

  test.each(['127.0.0.1', '::1', '[::1]', '::ffff:127.0.0.1'])('%s only from loopback', (address) => {
    expect(isAddressAllowed(address, { allowLoopback: true })).toBe(true);
    expect(isAddressAllowed(address, { allowLoopback: false })).toBe(false);
  });

  test.each(['8.8.8.8', '10.0.0.5', '192.168.1.1', '2001:db8::1'])('%s', (address) => {
    expect(isAddressAllowed(address, { allowLoopback: false })).toBe(true);
  });
});

test.each([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['[2001:db8::5]', '2001:db8::/32', true],
  ['10.1.2.3', '10.1.2.3/32', true],
  ['10.1.2.3', '10.0.0.0/33', false],
  ['10.1.2.3', '10.0.0.0', false],
  ['10.1.2.3', 'nonsense/8', false],
  ['example.com', '0.0.0.0/0', false],
])('%s in %s: %s', (address, cidr, expected) => {
  expect(isInCidr(address, cidr)).toBe(expected);
});
