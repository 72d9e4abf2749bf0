import { expect, test } from '@jest/globals';
import { findViolations } from './find-violations.ts';
import type { Layer, Project, SourceFile } from './project.ts';

function project(name: string, layer: Layer, files: Record<string, string[]>): Project {
  const sources: SourceFile[] = Object.entries(files).map(([path, imports]) => ({ path, imports }));
  return { name: `@berth/${name}`, dir: `${layer === 'app' ? 'apps' : 'libs'}/${name}`, layer, files: sources };
}

const errors = project('errors', 'foundation', { 'src/index.ts': [] });
const proto = project('proto', 'contract', {});
const client = project('client', 'platform', {
  'src/index.ts': ['@berth/errors', '@berth/proto/image', 'zod', 'node:fs'],
});
const testkit = project('testkit', 'test', { 'src/index.ts': ['@berth/client'] });

test('arrows that go down are fine', () => {
  expect(findViolations([errors, proto, client, testkit])).toEqual([]);
});

test('an app does not import another app, and no library imports an app', () => {
  const a = project('a', 'app', { 'src/main.ts': ['@berth/b'] });
  const b = project('b', 'app', { 'src/main.ts': [] });
  const lib = project('lib', 'platform', { 'src/index.ts': ['@berth/b'] });
  expect(findViolations([a, b, lib])).toEqual([
    'apps/a/src/main.ts imports @berth/b: app may not use app',
    'libs/lib/src/index.ts imports @berth/b: platform may not use app',
  ]);
});

test('the foundation knows nothing above it', () => {
  const oci = project('oci', 'foundation', { 'src/index.ts': ['@berth/client'] });
  expect(findViolations([errors, proto, client, oci])).toHaveLength(1);
});

test('only main.ts imports adapters, and only tests import the test kit', () => {
  const app = project('a', 'app', {
    'src/main.ts': ['./adapters/store.ts'],
    'src/lifecycle.ts': ['./adapters/store.ts', '@berth/testkit'],
    'src/lifecycle.test.ts': ['./adapters/store.ts', '@berth/testkit'],
    'src/adapters/store.ts': ['./schema.ts', '../ports.ts'],
  });
  expect(findViolations([errors, proto, client, testkit, app])).toEqual([
    'apps/a/src/lifecycle.ts imports ./adapters/store.ts: only main.ts imports adapters',
    'apps/a/src/lifecycle.ts imports @berth/testkit: app may not use test',
  ]);
});

test('in a service generated types stay at the edge', () => {
  const service = project('a', 'app', {
    'src/ports.ts': ['@berth/proto/image'],
    'src/grpc/convert.ts': ['@berth/proto/image'],
  });
  expect(findViolations([proto, service])).toEqual([
    'apps/a/src/ports.ts imports @berth/proto/image: generated types stay in grpc/ and adapters/',
  ]);
});

test('a cycle is told as a path', () => {
  const a = project('a', 'platform', { 'src/index.ts': ['@berth/b'] });
  const b = project('b', 'platform', { 'src/index.ts': ['@berth/a'] });
  expect(findViolations([a, b])).toEqual(['cycle: @berth/a → @berth/b → @berth/a']);
});
