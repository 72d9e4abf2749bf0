import { describe, expect, test } from '@jest/globals';
import { isBerthError } from '@berth/errors';
import { IMAGE_CONFIG_MAX_BYTES, parseImageConfig } from './image-config.ts';

const diffId = `sha256:${'d'.repeat(64)}`;
const minimal = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [diffId] } };

function parse(value: unknown) {
  return parseImageConfig(new TextEncoder().encode(JSON.stringify(value)));
}

test('reads what Docker writes', () => {
  const parsed = parse({
    ...minimal,
    created: '2024-09-26T21:31:42Z',
    config: {
      Hostname: '',
      User: 'www-data:33',
      ExposedPorts: { '80/tcp': {} },
      Env: ['PATH=/bin'],
      Cmd: ['-g', 'daemon off;'],
      Entrypoint: ['nginx'],
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { a: 'b' },
      StopSignal: 'SIGQUIT',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
    },
    history: [{ created: '2024-09-26T21:31:42Z', created_by: 'COPY', empty_layer: true }],
  });
  expect(parsed).toMatchObject({
    platform: { os: 'linux', architecture: 'amd64', variant: null },
    created: '2024-09-26T21:31:42Z',
    diffIds: [diffId],
    config: {
      user: 'www-data:33',
      env: ['PATH=/bin'],
      entrypoint: ['nginx'],
      cmd: ['-g', 'daemon off;'],
      workingDir: '/srv',
      volumes: ['/data'],
      exposedPorts: ['80/tcp'],
      labels: { a: 'b' },
      stopSignal: 'SIGQUIT',
      healthcheck: { test: ['CMD', 'true'], intervalNs: 30_000_000_000, timeoutNs: 0, retries: 3 },
    },
    history: [{ createdBy: 'COPY', emptyLayer: true, comment: '' }],
  });
});

test('reads null as absent', () => {
  const nulls = { User: null, Env: null, Cmd: null, Entrypoint: null, Volumes: null, Labels: null, Healthcheck: null };
  const parsed = parse({ ...minimal, config: nulls, history: null, created: null });
  expect(parsed).toEqual(parse(minimal));
  expect(parsed.config).toMatchObject({ user: '', env: [], cmd: [], entrypoint: [], volumes: [], healthcheck: null });
});

describe('refuses', () => {
  test.each([
    ['no rootfs', { ...minimal, rootfs: undefined }],
    ['a rootfs that is not of layers', { ...minimal, rootfs: { type: 'vhd', diff_ids: [] } }],
    ['a diff id that is a path', { ...minimal, rootfs: { type: 'layers', diff_ids: ['sha256:../x'] } }],
    ['a thousand and one layers', { ...minimal, rootfs: { type: 'layers', diff_ids: Array(1001).fill(diffId) } }],
    ['no architecture', { ...minimal, architecture: '' }],
    ['an environment that is no list', { ...minimal, config: { Env: { A: 'b' } } }],
    ['a number in a command', { ...minimal, config: { Cmd: [1] } }],
    ['a list', []],
  ])('%s', (_name, value) => {
    expect(() => parse(value)).toThrow('image config is invalid');
  });

  test('more than 4 MiB', () => {
    const bytes = new Uint8Array(IMAGE_CONFIG_MAX_BYTES + 1);
    expect(() => parseImageConfig(bytes)).toThrow('image config is invalid: more than 4194304 bytes');
  });

  test('with a reason', () => {
    try {
      parse({});
      expect('nothing thrown').toBe('');
    } catch (error) {
      expect(isBerthError(error, 'IMAGE_CONFIG_INVALID')).toBe(true);
    }
  });
});
