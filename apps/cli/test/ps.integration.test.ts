// Lists of containers, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { APP, APP_IMAGE, CONTAINERS, IMAGE, LISTED, OLD, WEB } from './listed-engine.ts';
import { runCli } from './run-cli.ts';
import { useBerth, useFakeEngines } from './use-fake-engine.ts';

const start = useBerth({ cwd: '/tmp' });
const startEngine = useFakeEngines();

test('ps', async () => {
  const berth = await start(LISTED);
  expect((await berth('ps', '-a')).stdout).toBe(
    `CONTAINER ID   IMAGE                                   COMMAND                    CREATED       STATUS                    PORTS     NAMES
a1a1a1a1a1a1   busybox                                 "sh -c 'echo hello w…"     2 hours ago   Up 2 hours                80/tcp    web
c3c3c3c3c3c3   registry.example.com:5000/team/app:v1   "/bin/\\"x\\" ü tést løn…"   3 days ago    Exited (137) 3 days ago             a_long_container_name_for_width
`,
  );
  expect((await berth('ps', '--no-trunc')).stdout).toContain(
    `\n${WEB}   busybox   "sh -c 'echo hello world; sleep 1000'"`,
  );
  expect((await berth('ps', '-q')).stdout).toBe('a1a1a1a1a1a1\n');
  expect((await berth('ps', '-aq', '--no-trunc')).stdout).toBe(`${WEB}\n${OLD}\n`);
  expect((await berth('ps', '-lq')).stdout).toBe('a1a1a1a1a1a1\n');
  expect((await berth('ps', '-qn', '2')).stdout).toBe('a1a1a1a1a1a1\nc3c3c3c3c3c3\n');
  expect((await berth('ps', '-q', '--format', 'x')).stderr).toBe(
    'WARNING: Ignoring custom format, because both --format and --quiet are set.\n',
  );
});

test('ps calls an image by its id when its name has gone, and by its name when nobody can tell', async () => {
  const getImage: typeof LISTED.image.getImage = async ({ name }) => {
    if (name === 'busybox') return { image: { id: APP_IMAGE } };
    throw new BerthError('INTERNAL', 'away');
  };
  const berth = await start({ ...LISTED, image: { ...LISTED.image, getImage } });
  expect((await berth('ps', '-a', '--format', '{{.Image}}')).stdout).toBe(`${IMAGE.slice(7, 19)}\n${APP}\n`);
  expect((await berth('ps', '--no-trunc', '--format', '{{.Image}}')).stdout).toBe(`${IMAGE}\n`);
});

test('ps --format json has what docker has', async () => {
  const berth = await start(LISTED);
  const [line = ''] = (await berth('ps', '--format', 'json')).stdout.split('\n');
  expect(JSON.parse(line)).toEqual({
    Command: '"sh -c \'echo hello w…"',
    CreatedAt: expect.stringMatching(/^\d{4}-/),
    ID: 'a1a1a1a1a1a1',
    Image: 'busybox',
    Labels: 'a=b,c=d',
    LocalVolumes: '1',
    Mounts: 'data',
    Names: 'web',
    Networks: 'bridge',
    Platform: null,
    Ports: '80/tcp',
    RunningFor: '2 hours ago',
    Size: '0B',
    State: 'running',
    Status: 'Up 2 hours',
  });
});

test('ps hands filters, limit and size on, and shows sizes', async () => {
  const queries: unknown[] = [];
  const listContainers = async (query: object) => {
    queries.push(query);
    return { containers: [{ ...CONTAINERS[0], writableSizeBytes: 12n, rootSizeBytes: 7_800_000n }] };
  };
  const berth = await start({ container: { listContainers } });
  expect((await berth('ps', '-s', '-f', 'name=web', '-f', 'label=a=b', '-n', '3')).stdout).toMatch(
    /NAMES {5}SIZE\n.* {2}web {7}12B \(virtual 7.8MB\)\n$/,
  );
  expect((await berth('ps', '--format', '{{.Size}}')).stdout).toBe('12B (virtual 7.8MB)\n');
  const filters = [
    { key: 'name', value: 'web' },
    { key: 'label', value: 'a=b' },
  ];
  expect(queries).toEqual([
    { all: false, filters, limit: 3, size: true },
    { all: false, filters: [], limit: 0, size: true },
  ]);
  expect(await berth('ps', '-f', 'name')).toMatchObject({
    code: 125,
    stderr: expect.stringContaining(
      'invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ),
  });
});

test('ps takes its format from the config file', async () => {
  const directory = mkdtempSync('/tmp/berth-config-');
  try {
    const engine = await startEngine(LISTED);
    writeFileSync(join(directory, 'config.json'), '{ "psFormat": "{{.Names}}: {{.State}}" }');
    const ps = (...argv: string[]) => runCli(['ps', ...argv], { root: engine.root, env: { BERTH_CONFIG: directory } });
    expect((await ps()).stdout).toBe('web: running\n');
    expect((await ps('--format', '{{.ID}}')).stdout).toBe('a1a1a1a1a1a1\n');
    writeFileSync(join(directory, 'config.json'), 'nonsense');
    expect((await ps()).stderr).toContain(`Error loading config file: ${directory}/config.json: `);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
