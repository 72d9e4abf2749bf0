import { describe, expect, test } from '@jest/globals';
import { parseConfig } from './config.ts';

describe('parseConfig', () => {
  test('has defaults', () => {
    expect(parseConfig({})).toMatchObject({ maxEntries: 2_000_000, maxBytes: 2 ** 38, maxDownloads: 3, maxUnpacks: 2 });
    expect(parseConfig({}).imagesMaxBytes).toBeNull();
    expect(parseConfig({}).layerProgram).toMatch(/\/libs\/layers\/native\/build\/berth-layer$/);
  });

  test('takes what is set', () => {
    const env = {
      BERTH_LAYER_BIN: '/usr/lib/berth/berth-layer',
      BERTH_MAX_DOWNLOADS: '9',
      BERTH_IMAGES_MAX_BYTES: '50000000000',
    };
    expect(parseConfig(env)).toMatchObject({
      layerProgram: '/usr/lib/berth/berth-layer',
      maxDownloads: 9,
      imagesMaxBytes: 5e10,
    });
  });

  test.each([
    { BERTH_MAX_UNPACKS: '0' },
    { BERTH_MAX_UNPACKS: 'many' },
    { BERTH_IMAGES_MAX_BYTES: '50GB' },
    { BERTH_LAYER_BIN: 'relative' },
  ])('refuses %j', (env) =>
    expect(() => parseConfig(env)).toThrow(expect.objectContaining({ reason: 'INVALID_ARGUMENT' })),
  );
});
