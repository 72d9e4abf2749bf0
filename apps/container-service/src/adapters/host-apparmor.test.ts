import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openAppArmor } from './host-apparmor.ts';

let sysfs: string;
let told: string[];
const open = () => {
  const tell = (_fields: object, message: string) => void told.push(message);
  return openAppArmor({ log: { info: tell, warn: tell }, sysfs, path: `${sysfs}/bin:/bin` });
};
/** Puts a program in the place of apparmor_parser. */
function installParser(script: string): void {
  mkdirSync(`${sysfs}/bin`, { recursive: true });
  writeFileSync(`${sysfs}/bin/apparmor_parser`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

beforeEach(() => {
  told = [];
  sysfs = mkdtempSync('/tmp/berth-');
  mkdirSync(`${sysfs}/kernel/security/apparmor`, { recursive: true });
  mkdirSync(`${sysfs}/module/apparmor/parameters`, { recursive: true });
  writeFileSync(`${sysfs}/module/apparmor/parameters/enabled`, 'Y\n');
});
afterEach(() => rmSync(sysfs, { recursive: true }));

test('tells which profiles are loaded, now', () => {
  const host = open();
  expect(host.enabled).toBe(true);
  expect(host.isLoaded('docker-default')).toBe(false);
  writeFileSync(`${sysfs}/kernel/security/apparmor/profiles`, '/usr/bin/man (enforce)\ndocker-default (enforce)\n');
  expect(host.isLoaded('docker-default')).toBe(true);
  expect(host.isLoaded('docker')).toBe(false);
});

test('is off when the kernel says so, has none, or shows none', () => {
  writeFileSync(`${sysfs}/module/apparmor/parameters/enabled`, 'N\n');
  expect(open().enabled).toBe(false);
  rmSync(`${sysfs}/module`, { recursive: true });
  expect(open().enabled).toBe(false);
  expect(open().load()).toBe(false);
  expect(told).toEqual([]);
});

test('loads the profile over an older one, as often as it is asked to', () => {
  installParser(`cat >>${sysfs}/loaded; echo "$*" >>${sysfs}/loaded`);
  const host = open();
  expect([host.load(), host.load()]).toEqual([true, true]);
  expect(readFileSync(`${sysfs}/loaded`, 'utf8').match(/^profile berth-default [^]*?^--replace /gm)).toHaveLength(2);
});

test('tells once that a profile cannot be loaded, and does not try again', () => {
  installParser(`echo x >>${sysfs}/tries; exit 1`);
  const host = open();
  expect([host.load(), host.load()]).toEqual([false, false]);
  expect(readFileSync(`${sysfs}/tries`, 'utf8')).toBe('x\n');
  expect(told).toEqual(['apparmor profile not loaded: nothing of apparmor confines containers']);
});
