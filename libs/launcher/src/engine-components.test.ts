import { expect, test } from '@jest/globals';
import { engineEnvironment } from './engine-components.ts';

test('an engine gets settings, and nothing that belongs to the shell or npm', () => {
  const env = {
    PATH: '/bin',
    https_proxy: 'http://p',
    BERTH_ROOT: '/r',
    LC_ALL: 'C',
    npm_config_x: 'y',
    NODE_OPTIONS: '-r x',
    PWD: '/',
  };
  expect(engineEnvironment(env)).toEqual({ PATH: '/bin', https_proxy: 'http://p', BERTH_ROOT: '/r', LC_ALL: 'C' });
});
