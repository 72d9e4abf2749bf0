// The commands that show and remove images, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import type { FakeMethods } from './fake-services.ts';
import { runCli } from './run-cli.ts';
import { ago, useBerth, useFakeEngines } from './use-fake-engine.ts';

const IMAGE = `sha256:${'b2'.repeat(32)}`;
const OTHER = `sha256:${'b3'.repeat(32)}`;
const DIGEST = `sha256:${'d4'.repeat(32)}`;
const HOUR = 3600;

const start = useBerth({ env: { TZ: 'UTC' } });
const startEngine = useFakeEngines();

const LISTED: FakeMethods = {
  image: {
    listImages: async () => ({
      images: [
        {
          id: IMAGE,
          tags: ['docker.io/library/busybox:latest', 'localhost:5000/a/b:v1'],
          digests: [`docker.io/library/busybox@${DIGEST}`],
          createTime: ago(20 * 24 * HOUR),
          sizeBytes: 4_261_550n,
          lastUsedTime: ago(3 * HOUR),
        },
        { id: `sha256:${'b3'.repeat(32)}`, createTime: ago(HOUR), sizeBytes: 999_999n },
        {
          id: `sha256:${'b4'.repeat(32)}`,
          digests: [`docker.io/library/foo@${DIGEST}`, `docker.io/library/foo@${IMAGE}`],
          sizeBytes: 123_456_789n,
        },
      ],
    }),
  },
};

test('images', async () => {
  const berth = await start(LISTED);
  expect((await berth('images')).stdout).toBe(
    `REPOSITORY           TAG       IMAGE ID       CREATED             SIZE
busybox              latest    b2b2b2b2b2b2   2 weeks ago         4.26MB
localhost:5000/a/b   v1        b2b2b2b2b2b2   2 weeks ago         4.26MB
<none>               <none>    b3b3b3b3b3b3   About an hour ago   1e+03kB
foo                  <none>    b4b4b4b4b4b4   N/A                 123MB
`,
  );
  expect((await berth('images', '--digests')).stdout).toContain(
    `REPOSITORY           TAG       DIGEST                                                                    IMAGE ID       CREATED             SIZE
busybox              latest    ${DIGEST}   b2b2b2b2b2b2   2 weeks ago         4.26MB
localhost:5000/a/b   v1        <none>                                                                    b2b2b2b2b2b2   2 weeks ago         4.26MB
<none>               <none>    <none>  `,
  );
  expect((await berth('images', '-q')).stdout).toBe('b2b2b2b2b2b2\nb2b2b2b2b2b2\nb3b3b3b3b3b3\nb4b4b4b4b4b4\n');
  expect((await berth('images', '--format', '{{.Repository}}:{{.Tag}} {{.VirtualSize}} {{.LastUsed}}')).stdout).toBe(
    `busybox:latest 4.262MB 3 hours ago
localhost:5000/a/b:v1 4.262MB 3 hours ago
<none>:<none> 1000kB N/A
foo:<none> 123.5MB N/A
`,
  );
});

test('images hands what is asked for on', async () => {
  const queries: object[] = [];
  const listImages = async (query: object) => (queries.push(query), { images: [] });
  const berth = await start({ image: { listImages } });
  await berth('images', '-a', '-f', 'dangling=true', '--filter', 'label=a=b', 'busy*');
  await berth('image', 'ls');
  const filters = [
    { key: 'dangling', value: 'true' },
    { key: 'label', value: 'a=b' },
    { key: 'reference', value: 'busy*' },
  ];
  expect(queries).toEqual([
    { reference: '', all: true, filters, omitConfig: true },
    { reference: '', all: false, filters: [], omitConfig: true },
  ]);
  expect(await berth('images', '-f', 'dangling')).toMatchObject({ code: 125 });
});

test('image inspect asks for a platform', async () => {
  const asked: object[] = [];
  const getImage = async (request: object) => (asked.push(request), { image: { config: Buffer.from('{}') } });
  const berth = await start({ image: { getImage } });
  await berth('image', 'inspect', '--platform', 'linux/arm64', 'a');
  await berth('image', 'inspect', 'b');
  expect(asked).toEqual([
    { name: 'a', platform: 'linux/arm64' },
    { name: 'b', platform: '' },
  ]);
});

test('history', async () => {
  const steps = [
    { imageId: IMAGE, createTime: ago(2 * HOUR), createdBy: `/bin/sh -c ${'x'.repeat(40)}`, sizeBytes: 1_234_567n },
    { createTime: ago(80 * HOUR), createdBy: 'ENV\tA=b', comment: 'buildkit' },
    { createdBy: 'ADD rootfs', sizeBytes: 999_999n },
  ];
  const berth = await start({ image: { getImageHistory: async () => ({ steps }) } });
  expect((await berth('image', 'history', 'a')).stdout).toBe(
    `IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT
b2b2b2b2b2b2   2 hours ago   /bin/sh -c xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…   1.23MB    
<missing>      3 days ago    ENV A=b                                         0B        buildkit
<missing>      N/A           ADD rootfs                                      1e+03kB   
`,
  );
  expect((await berth('history', '-q', 'a')).stdout).toBe('b2b2b2b2b2b2\n<missing>\n<missing>\n');
  expect((await berth('history', '-q', '--no-trunc', 'a')).stdout).toBe(`${IMAGE}\n<missing>\n<missing>\n`);
  const exact = (await berth('history', '--human=false', '--no-trunc', 'a')).stdout;
  expect(exact).toMatch(/^IMAGE +CREATED AT +CREATED BY/);
  expect(exact).toContain(`/bin/sh -c ${'x'.repeat(40)}   1234567`);
  expect(exact).toMatch(/<missing> +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+ +ENV A=b/);
  expect((await berth('history', '--format', '{{.CreatedBy}}|{{.Size}}|{{.Comment}}', 'a')).stdout).toContain(
    '\nENV A=b|0B|buildkit\n',
  );
});

test('image inspect tells the parent, the times and where the layers lie', async () => {
  const time = { seconds: 1_767_225_600n, nanos: 5_000_000 };
  const config = Buffer.from('{"created":"2026-01-01T01:00:00.012345600+01:00","docker_version":"20.10"}');
  const image = { id: IMAGE, parentId: OTHER, createTime: time, tagTime: time, platform: 'linux/arm64/v8', config };
  const berth = await start({
    image: {
      getImage: async ({ name }) => ({ image, layerDirs: ['/l/3', '/l/2', '/l/1'].slice(name === 'one' ? 2 : 0) }),
    },
  });
  const [object] = JSON.parse((await berth('image', 'inspect', 'a')).stdout) as object[];
  expect(object).toMatchObject({
    Parent: OTHER,
    Created: '2026-01-01T01:00:00.0123456+01:00',
    DockerVersion: '20.10',
    Variant: 'v8',
    GraphDriver: { Name: 'overlayfs', Data: { LowerDir: '/l/2:/l/1', UpperDir: '/l/3' } },
    Metadata: { LastTagTime: '2026-01-01T00:00:00.005Z', LastUsedTime: '0001-01-01T00:00:00Z' },
  });
  const format = '{{.ID}} {{json .GraphDriver.Data}}';
  expect((await berth('image', 'inspect', '-f', format, 'one')).stdout).toBe(`${IMAGE} {"UpperDir":"/l/1"}\n`);
});

const REMOVED = [
  { untagged: ['docker.io/library/old:1', `docker.io/library/old@${DIGEST}`], deleted: [IMAGE, DIGEST] },
  { deleted: [OTHER] },
];

test('image prune asks, then lists what went', async () => {
  const asked: object[] = [];
  const pruneImages = async (request: object) => (
    asked.push(request),
    { removed: REMOVED, reclaimedBytes: 1_234_567n }
  );
  const engine = await startEngine({ image: { pruneImages } });
  const prune = (argv: string[], stdin = '') => runCli(['image', 'prune', ...argv], { root: engine.root, stdin });
  const deleted = `Deleted Images:
untagged: old:1
untagged: old@${DIGEST}
deleted: ${IMAGE}
deleted: ${DIGEST}
deleted: ${OTHER}

Total reclaimed space: 1.235MB
`;
  const prompt = (what: string) => `WARNING! This will remove all ${what}.\nAre you sure you want to continue? [y/N] `;
  expect(await prune(['-f', '--filter', 'until=24h'])).toEqual({ code: 0, stdout: deleted, stderr: '' });
  expect((await prune([], 'y\n')).stdout).toBe(`${prompt('dangling images')}${deleted}`);
  const unused = prompt('images without at least one container associated to them');
  expect(await prune(['-a'], 'n\n')).toEqual({ code: 0, stdout: unused, stderr: '' });
  expect((await prune(['--filter', 'unused-for=720h'], 'y\n')).stdout).toBe(`${unused}${deleted}`);
  expect(asked).toEqual([
    { all: false, filters: [{ key: 'until', value: '24h' }] },
    { all: false, filters: [] },
    { all: false, filters: [{ key: 'unused-for', value: '720h' }] },
  ]);
});

test('image prune that finds nothing says how little it gained', async () => {
  const berth = await start({ image: { pruneImages: async () => ({}) } });
  expect((await berth('image', 'prune', '-af')).stdout).toBe('Total reclaimed space: 0B\n');
});

test('rmi hands on what shall stay', async () => {
  const asked: object[] = [];
  const deleteImage = async (request: object) => (asked.push(request), {});
  const berth = await start({ image: { deleteImage }, container: { listContainers: async () => ({}) } });
  await berth('rmi', '--no-prune', 'a');
  await berth('image', 'rm', '-f', 'b');
  expect(asked).toMatchObject([
    { name: 'a', noPrune: true, force: false },
    { name: 'b', noPrune: false, force: true },
  ]);
});

test('image diff', async () => {
  const berth = await start({
    image: {
      async *diffImages({ from, to }) {
        yield { changes: [{ path: `/${from}`, kind: 1 }] };
        yield {
          changes: [
            { path: `/${from}/${to}`, kind: 2 },
            { path: '/gone', kind: 3 },
          ],
        };
      },
    },
  });
  expect((await berth('image', 'diff', 'a', 'b')).stdout).toBe('C /a\nA /a/b\nD /gone\n');
});
