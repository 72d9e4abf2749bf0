import { describe, expect, test } from '@jest/globals';
import { familiarReference, formatReference, parseReference, repositoryOf, withDefaultTag } from './reference.ts';

const HEX = 'e6693c20186f837fc393390135d8a598a96a833917917789d63766cab6c59582';

describe('parseReference', () => {
  test.each([
    ['busybox', 'docker.io/library/busybox', 'busybox'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox', 'busybox'],
    ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['index.docker.io/user/app', 'docker.io/user/app', 'user/app'],
    ['docker.io/library/foo/bar', 'docker.io/library/foo/bar', 'library/foo/bar'],
    ['user/app:v1', 'docker.io/user/app:v1', 'user/app:v1'],
    ['localhost:5000/a:v1', 'localhost:5000/a:v1', 'localhost:5000/a:v1'],
    ['localhost/a/b', 'localhost/a/b', 'localhost/a/b'],
    ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
    ['127.0.0.1:5000/a', '127.0.0.1:5000/a', '127.0.0.1:5000/a'],
    ['[2001:db8::1]:5000/repo', '[2001:db8::1]:5000/repo', '[2001:db8::1]:5000/repo'],
    ['Foo/bar', 'Foo/bar', 'Foo/bar'],
    ['quay.io/coreos/etcd:v3.5', 'quay.io/coreos/etcd:v3.5', 'quay.io/coreos/etcd:v3.5'],
    [`busybox@sha256:${HEX}`, `docker.io/library/busybox@sha256:${HEX}`, `busybox@sha256:${HEX}`],
    [`a:v1@sha256:${HEX}`, `docker.io/library/a:v1@sha256:${HEX}`, `a:v1@sha256:${HEX}`],
    ['a__b/c-d.e', 'docker.io/a__b/c-d.e', 'a__b/c-d.e'],
    [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`, `a:${'t'.repeat(128)}`],
    [HEX.slice(1), `docker.io/library/${HEX.slice(1)}`, HEX.slice(1)],
    ['docker.io/a.b/c', 'docker.io/a.b/c', 'docker.io/a.b/c'],
  ])('normalizes %s', (text, full, familiar) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(full);
    expect(familiarReference(reference)).toBe(familiar);
    expect(parseReference(full)).toEqual(reference);
    expect(parseReference(familiar)).toEqual(reference);
  });

  test.each([
    ['', 'invalid reference format'],
    [':latest', 'invalid reference format'],
    ['busybox:', 'invalid reference format'],
    ['busybox:a b', 'invalid reference format'],
    ['-busybox', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['a/../b', 'invalid reference format'],
    ['..', 'invalid reference format'],
    ['a___b', 'invalid reference format'],
    ['https://github.com/docker/docker', 'invalid reference format'],
    ['busybox\n', 'invalid reference format'],
    ['büsybox', 'invalid reference format'],
    [`a:${'t'.repeat(129)}`, 'invalid reference format'],
    ['a@sha256:short', 'invalid reference format'],
    [`a@sha256:${HEX.slice(2)}`, 'invalid checksum digest length'],
    [`a@sha256:${HEX.toUpperCase()}`, 'invalid checksum digest format'],
    [`a@md5:${HEX}`, 'unsupported digest algorithm'],
    ['Busybox', 'invalid reference format: repository name (library/Busybox) must be lowercase'],
    ['user/App:v1', 'invalid reference format: repository name (user/App) must be lowercase'],
    [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    [`quay.io/${'a'.repeat(256)}`, 'repository name must not be more than 255 characters'],
    ['a'.repeat(100_000), 'invalid reference format'],
  ])('refuses %j', (text, message) => {
    expect(() => parseReference(text)).toThrow(message);
  });
});

test('only a reference with neither tag nor digest gets the default tag', () => {
  const formatted = ['a', 'a:v1', `a@sha256:${HEX}`].map((text) =>
    formatReference(withDefaultTag(parseReference(text))),
  );
  expect(formatted).toEqual([
    'docker.io/library/a:latest',
    'docker.io/library/a:v1',
    `docker.io/library/a@sha256:${HEX}`,
  ]);
});

test('the repository has neither tag nor digest', () => {
  expect(repositoryOf(parseReference(`a:v1@sha256:${HEX}`))).toBe('docker.io/library/a');
});
