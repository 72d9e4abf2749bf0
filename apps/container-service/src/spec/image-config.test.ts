import { describe, expect, test } from '@jest/globals';
import { mergeImageConfig, parseImageConfigDocument } from './image-config.ts';

const BASE = {
  User: 'ann',
  Env: ['PATH=/bin', 'A=1'],
  Entrypoint: ['/e'],
  Cmd: ['c'],
  WorkingDir: '/w',
  Volumes: { '/v': {} },
  Labels: { a: 'b' },
  ExposedPorts: { '80/tcp': {} },
  StopSignal: 'INT',
  Healthcheck: { Test: ['CMD', 'x'], Retries: 3 },
};

describe('mergeImageConfig', () => {
  test('keeps what the container has', () => expect(mergeImageConfig({}, BASE)).toEqual(BASE));

  test('adds to lists and sets, and replaces the rest', () => {
    const user = {
      Env: ['A=2'],
      Cmd: ['d'],
      Labels: { c: 'd' },
      Volumes: { '/n': {} },
      ExposedPorts: { '81/tcp': {} },
      User: 'bob',
      WorkingDir: '/n',
      StopSignal: 'TERM',
      Healthcheck: { Interval: 5 },
      OnBuild: ['RUN x'],
    };
    expect(mergeImageConfig(user, BASE)).toEqual({
      User: 'bob',
      Env: ['A=2', 'PATH=/bin'],
      Entrypoint: ['/e'],
      Cmd: ['d'],
      WorkingDir: '/n',
      Volumes: { '/v': {}, '/n': {} },
      Labels: { a: 'b', c: 'd' },
      ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
      StopSignal: 'TERM',
      Healthcheck: { Test: ['CMD', 'x'], Retries: 3, Interval: 5 },
      OnBuild: ['RUN x'],
    });
  });

  test('an entrypoint of its own sets the command aside', () => {
    const { Entrypoint, Cmd } = mergeImageConfig({ Entrypoint: ['/n'] }, BASE);
    expect({ Entrypoint, Cmd }).toEqual({ Entrypoint: ['/n'], Cmd: undefined });
    expect(mergeImageConfig({ Cmd: [] }, BASE)).not.toHaveProperty('Cmd');
  });

  test('leaves out what is empty', () => expect(mergeImageConfig({}, { Env: [], Labels: {}, User: '' })).toEqual({}));
});

test.each(['[]', '{', '{"Env":"A=1"}', '{"Labels":{"a":1}}'])('refuses what is no config: %s', (text) => {
  expect(() => parseImageConfigDocument(Buffer.from(text))).toThrow("the image's config is not valid");
});
