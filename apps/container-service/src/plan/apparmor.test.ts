import { expect, test } from '@jest/globals';
import { DEFAULT_ISOLATION } from '../isolation.ts';
import { apparmorProfileOf, type AppArmor } from './apparmor.ts';

const host = (loaded: readonly string[], takesOurs: boolean): AppArmor => ({
  enabled: true,
  isLoaded: (profile) => loaded.includes(profile),
  load: () => takesOurs,
});
const absent: AppArmor = { ...host([], false), enabled: false };
const refusing = host([], false);
const unloaded = host([], true);
const ready = host(['berth-default'], false);
const beside = host(['berth-default', 'docker-default'], false);

test.each([
  ['', false, absent, ''],
  ['mine', false, absent, ''],
  ['', false, ready, 'berth-default'],
  ['', false, unloaded, 'berth-default'],
  ['', false, refusing, ''],
  ['', true, ready, 'unconfined'],
  ['unconfined', false, ready, 'unconfined'],
  ['mine', false, ready, 'mine'],
  ['mine', true, ready, 'mine'],
  ['docker-default', false, ready, 'berth-default'],
  ['docker-default', true, ready, 'berth-default'],
  ['docker-default', false, beside, 'docker-default'],
  // Who asks for it by its name does not go without: the kernel refuses the start.
  ['berth-default', false, refusing, 'berth-default'],
])('%j, privileged %j, on %j: %j', (apparmorProfile, privileged, on, expected) => {
  expect(apparmorProfileOf({ ...DEFAULT_ISOLATION, apparmorProfile, privileged }, on)).toBe(expected);
});

test('a profile that is asked for by its name, and was unloaded, is loaded again', () => {
  let loads = 0;
  const on = { ...host([], true), load: () => ++loads > 0 };
  apparmorProfileOf({ ...DEFAULT_ISOLATION, apparmorProfile: 'berth-default' }, on);
  expect(loads).toBe(1);
});
