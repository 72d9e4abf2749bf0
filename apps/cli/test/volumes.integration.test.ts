// The commands about volumes, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { LISTED } from './listed-engine.ts';
import { useBerth } from './use-fake-engine.ts';

const start = useBerth({ cwd: '/tmp' });

test('volume ls and prune hand their filters on', async () => {
  const asked: unknown[] = [];
  const berth = await start({
    volume: {
      listVolumes: async (request) => (asked.push(request), { volumes: [{ name: 'v10' }, { name: 'v9' }] }),
      pruneVolumes: async (request) => (asked.push(request), { names: ['v9', 'v10'], reclaimedBytes: 1_000n }),
    },
  });
  const filters = [{ key: 'dangling', value: 'true' }];
  expect((await berth('volume', 'ls', '-q', '-f', 'dangling=true')).stdout).toBe('v9\nv10\n');
  expect((await berth('volume', 'prune', '-f', '--filter', 'label=a=b')).stdout).toBe(
    'Deleted Volumes:\nv9\nv10\n\nTotal reclaimed space: 1kB\n',
  );
  expect((await berth('volume', 'prune')).stdout).toBe(
    'WARNING! This will remove anonymous local volumes not used by at least one container.\n' +
      'Are you sure you want to continue? [y/N] ',
  );
  await berth('volume', 'prune', '-af');
  expect(await berth('volume', 'prune', '-af', '--filter', 'all=1')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'conflicting options: cannot specify both --all and --filter all=1\n',
  });
  expect(asked).toEqual([
    { filters },
    { filters: [{ key: 'label', value: 'a=b' }] },
    { filters: [{ key: 'all', value: 'true' }] },
  ]);
});

test('volume ls and inspect', async () => {
  const berth = await start(LISTED);
  expect((await berth('volume', 'ls')).stdout).toBe('DRIVER    VOLUME NAME\nlocal     data\nlocal     spare\n');
  expect(await berth('volume', 'inspect', 'data', 'x')).toEqual({
    code: 1,
    stdout: `[
    {
        "CreatedAt": "2026-01-01T00:00:00Z",
        "Driver": "local",
        "Labels": {
            "x": "y"
        },
        "Mountpoint": "/v/data",
        "Name": "data",
        "Options": null,
        "Scope": "local"
    }
]
`,
    stderr: 'Error response from daemon: get x: no such volume\n',
  });
});

test('volume create and rm', async () => {
  const asked: unknown[] = [];
  const berth = await start({
    volume: {
      createVolume: async (request) => {
        asked.push(request);
        return { volume: { name: request.name || 'generated' } };
      },
      deleteVolume: async ({ name }) => {
        if (name !== 'data') throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
        return {};
      },
    },
  });
  expect((await berth('volume', 'create')).stdout).toBe('generated\n');
  expect((await berth('volume', 'create', '--label', 'a=b', '-o', 'x=y', '-d', 'local', 'data')).stdout).toBe('data\n');
  expect(asked.pop()).toEqual({ name: 'data', driver: 'local', labels: { a: 'b' }, options: { x: 'y' } });
  expect((await berth('volume', 'create', '--name', 'data')).stdout).toBe('data\n');
  expect((await berth('volume', 'create', '--name', 'data', 'other')).stderr).toBe(
    'conflicting options: cannot specify a volume-name through both --name and as a positional arg\n',
  );
  expect(await berth('volume', 'rm', 'x', 'data')).toEqual({
    code: 1,
    stdout: 'data\n',
    stderr: 'Error response from daemon: get x: no such volume\n',
  });
});
