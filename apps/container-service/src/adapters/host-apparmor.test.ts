import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readAppArmor } from './host-apparmor.ts';

let sysfs: string;
beforeEach(() => {
  sysfs = mkdtempSync('/tmp/berth-');
  mkdirSync(`${sysfs}/kernel/security/apparmor`, { recursive: true });
  mkdirSync(`${sysfs}/module/apparmor/parameters`, { recursive: true });
  writeFileSync(`${sysfs}/module/apparmor/parameters/enabled`, 'Y\n');
});
afterEach(() => rmSync(sysfs, { recursive: true }));

test('tells which profiles are loaded, now', () => {
  const host = readAppArmor(sysfs);
  expect(host.enabled).toBe(true);
  expect(host.isLoaded('docker-default')).toBe(false);
  writeFileSync(`${sysfs}/kernel/security/apparmor/profiles`, '/usr/bin/man (enforce)\ndocker-default (enforce)\n');
  expect(host.isLoaded('docker-default')).toBe(true);
  expect(host.isLoaded('docker')).toBe(false);
});

test('is off when the kernel says so, has none, or shows none', () => {
  writeFileSync(`${sysfs}/module/apparmor/parameters/enabled`, 'N\n');
  expect(readAppArmor(sysfs).enabled).toBe(false);
  rmSync(`${sysfs}/module`, { recursive: true });
  expect(readAppArmor(sysfs).enabled).toBe(false);
});
