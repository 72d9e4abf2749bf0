import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import './engine.ts';

test('the host has cgroup2 alone, with every controller', () => {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const kinds = mounts.flatMap((line) => line.split(' ')[2] ?? []).filter((kind) => kind.startsWith('cgroup'));
  assert.deepEqual(kinds, ['cgroup2']);
  const controllers = readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(' ');
  for (const name of ['cpu', 'cpuset', 'io', 'memory', 'pids']) assert(controllers.includes(name), name);
});
