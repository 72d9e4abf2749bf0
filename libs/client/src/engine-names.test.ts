import { describe, expect, test } from '@jest/globals';
import { engineNames } from './engine-names.ts';

describe('engineNames', () => {
  test("the host's own engine has plain names", () => {
    expect(engineNames(null, '/sys/fs/cgroup')).toEqual({
      bridge: 'berth0',
      table: 'berth',
      cgroupDir: '/sys/fs/cgroup/berth',
    });
  });

  test('an engine with a root has names of its own, always the same', () => {
    const names = engineNames('/srv/a', '/cg');
    expect(names).toEqual(engineNames('/srv/a', '/cg'));
    expect(names.bridge).toMatch(/^br-[0-9a-f]{8}$/);
    expect(names.table).toMatch(/^berth_[0-9a-f]{8}$/);
    expect(names.cgroupDir).toMatch(/^\/cg\/berth-[0-9a-f]{8}$/);
    expect(names.bridge).not.toBe(engineNames('/srv/b', '/cg').bridge);
  });
});
