import { expect, test } from '@jest/globals';
import { DEFAULT_ISOLATION } from '../isolation.ts';
import { apparmorProfileOf, type AppArmor } from './apparmor.ts';

const absent: AppArmor = { enabled: false, isLoaded: () => false };
const empty: AppArmor = { enabled: true, isLoaded: () => false };
const loaded: AppArmor = { enabled: true, isLoaded: (profile) => profile === 'docker-default' };

test.each([
  ['', false, absent, ''],
  ['mine', false, absent, ''],
  ['', false, empty, ''],
  ['docker-default', false, empty, ''],
  ['mine', false, empty, 'mine'],
  ['', false, loaded, 'docker-default'],
  ['docker-default', true, loaded, 'docker-default'],
  ['unconfined', false, loaded, 'unconfined'],
  ['', true, loaded, 'unconfined'],
  ['mine', true, loaded, 'mine'],
])('%j, privileged %j, on %j: %j', (apparmorProfile, privileged, host, expected) => {
  expect(apparmorProfileOf({ ...DEFAULT_ISOLATION, apparmorProfile, privileged }, host)).toBe(expected);
});
