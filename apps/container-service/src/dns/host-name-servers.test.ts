import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createHostNameServers, parseNameServers } from './host-name-servers.ts';

test('the first three servers count, in order, and what is no address does not', () => {
  const text = [
    '# nameserver 192.0.2.9',
    'search example.org',
    'nameserver 192.0.2.1',
    '  nameserver\t2001:db8::1  ',
    'nameserver example.org',
    'nameserver fe80::1%eth0',
    'nameserver 192.0.2.4',
  ].join('\n');
  const addresses = parseNameServers(text).map(({ address }) => address);
  expect(addresses).toEqual(['192.0.2.1', '2001:db8::1', 'fe80::1%eth0']);
});

test('a file that changes is read again, after a while; one that goes leaves none', () => {
  const directory = mkdtempSync('/tmp/berth-');
  const path = join(directory, 'resolv.conf');
  let nowMs = 0;
  const servers = createHostNameServers(path, () => nowMs);
  const addresses = (): string[] => servers().map(({ address }) => address);
  expect(addresses()).toEqual([]);
  writeFileSync(path, 'nameserver 192.0.2.1\n');
  expect(addresses()).toEqual([]);
  nowMs += 1000;
  expect(addresses()).toEqual(['192.0.2.1']);
  writeFileSync(path, 'nameserver 192.0.2.2\n');
  utimesSync(path, 1, 1);
  nowMs += 1000;
  expect(addresses()).toEqual(['192.0.2.2']);
  rmSync(directory, { recursive: true });
  nowMs += 1000;
  expect(addresses()).toEqual([]);
});
