// What the engine holds, and how it is removed, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { ContainerStatus, MountType } from '@berth/proto/container';
import type { FakeMethods } from './fake-services.ts';
import { runCli, type CliResult } from './run-cli.ts';
import { ago, useFakeEngines } from './use-fake-engine.ts';

const [WEB, OLD] = ['a1', 'c3'].map((hex) => hex.repeat(32)) as [string, string];
const [APP, BARE] = ['b2', 'b3'].map((hex) => `sha256:${hex.repeat(32)}`) as [string, string];
const HOUR = 3600;

const startEngine = useFakeEngines();

async function start(methods: FakeMethods): Promise<(argv: string[], stdin?: string) => Promise<CliResult>> {
  const { root } = await startEngine(methods);
  return (argv, stdin = '') => runCli(['system', ...argv], { root, stdin });
}

const USED: FakeMethods = {
  image: {
    measureImages: async () => ({
      usages: [
        {
          image: {
            id: APP,
            tags: ['docker.io/library/app:1', 'docker.io/library/app:2'],
            createTime: ago(2 * HOUR),
            sizeBytes: 4_321_550n,
            containerIds: [WEB],
          },
          sharedSizeBytes: 4_000_000n,
          uniqueSizeBytes: 321_550n,
        },
        { image: { id: BARE, createTime: ago(80 * HOUR), sizeBytes: 4_000_000n }, sharedSizeBytes: 4_000_000n },
      ],
      layersSizeBytes: 5_321_550n,
      reclaimableBytes: 1_000_000n,
    }),
  },
  container: {
    listContainers: async ({ all, size }) => ({
      containers:
        all && size
          ? [
              {
                id: WEB,
                name: 'web',
                config: { image: 'app:1' },
                arguments: ['sh'],
                status: ContainerStatus.PAUSED,
                createTime: ago(2 * HOUR),
                startTime: ago(HOUR),
                writableSizeBytes: 12n,
                rootSizeBytes: 4_321_562n,
                mounts: [{ type: MountType.VOLUME, name: 'data', source: '/v/data', target: '/d' }],
              },
              {
                id: OLD,
                name: 'old',
                config: { image: 'app:2' },
                arguments: ['true'],
                status: ContainerStatus.EXITED,
                createTime: ago(2 * HOUR),
                startTime: ago(2 * HOUR),
                finishTime: ago(2 * HOUR),
                writableSizeBytes: 24n,
              },
            ]
          : [],
    }),
  },
  volume: {
    listVolumes: async () => ({
      volumes: [
        { name: 'data', containerIds: [WEB] },
        { name: 'spare', labels: { keep: 'yes' } },
        { name: 'd00d', anonymous: true },
        { name: 'beef', anonymous: true, labels: { keep: 'yes' } },
      ],
    }),
    measureVolumes: async ({ names }) => ({
      usages: names.filter((name) => name !== 'spare').map((name) => ({ name, sizeBytes: 1_000_000n })),
    }),
  },
};

test('system df', async () => {
  const system = await start(USED);
  expect((await system(['df'])).stdout).toBe(
    `TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE
Images          2         1         5.322MB   1MB (18%)
Containers      2         1         36B       24B (66%)
Local Volumes   4         1         3MB       2MB (66%)
Build Cache     0         0         0B        0B
`,
  );
  expect((await system(['df', '--format', '{{.Type}}: {{.Reclaimable}}'])).stdout).toContain('Build Cache: 0B\n');
  expect((await system(['df', '--format', 'json'])).stdout.split('\n')[0]).toBe(
    '{"Active":"1","Reclaimable":"1MB (18%)","Size":"5.322MB","TotalCount":"2","Type":"Images"}',
  );
});

test('system df -v', async () => {
  const system = await start(USED);
  expect((await system(['df', '-v'])).stdout).toBe(
    `Images space usage:

REPOSITORY   TAG       IMAGE ID       CREATED       SIZE      SHARED SIZE   UNIQUE SIZE   CONTAINERS
app          1         b2b2b2b2b2b2   2 hours ago   4.32MB    4MB           321.6kB       1
<none>       <none>    b3b3b3b3b3b3   3 days ago    4MB       4MB           0B            0

Containers space usage:

CONTAINER ID   IMAGE     COMMAND   LOCAL VOLUMES   SIZE      CREATED       STATUS                      NAMES
a1a1a1a1a1a1   app:1     "sh"      1               12B       2 hours ago   Up About an hour (Paused)   web
c3c3c3c3c3c3   app:2     "true"    0               24B       2 hours ago   Exited (0) 2 hours ago      old

Local Volumes space usage:

VOLUME NAME   LINKS     SIZE
data          1         1MB
spare         0         0B
d00d          0         1MB
beef          0         1MB

Build cache usage: 0B

CACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED
`,
  );
  const format = '{{range .Images}}{{.ID}} {{.UniqueSize}};{{end}}{{len .Volumes}}';
  expect((await system(['df', '-v', '--format', format])).stdout).toBe(`${APP} 321.6kB;${BARE} 0B;4\n`);
});

test('system df of an engine that holds nothing', async () => {
  const system = await start({
    image: { measureImages: async () => ({}) },
    container: { listContainers: async () => ({}) },
    volume: { listVolumes: async () => ({}) },
  });
  expect((await system(['df', '--format', '{{.Type}}|{{.Size}}|{{.Reclaimable}}'])).stdout).toBe(
    'Images|0B|0B\nContainers|0B|0B\nLocal Volumes|0B|0B\nBuild Cache|0B|0B\n',
  );
});

function pruned(): { methods: FakeMethods; asked: unknown[] } {
  const asked: unknown[] = [];
  const methods: FakeMethods = {
    container: {
      pruneNetworks: async (request) => (asked.push(request), { deletedNames: ['idle'] }),
      pruneContainers: async (request) => (asked.push(request), { deletedIds: [OLD], reclaimedBytes: 24n }),
    },
    image: {
      pruneImages: async (request) => (asked.push(request), { removed: [{ deleted: [BARE] }], reclaimedBytes: 100n }),
    },
    volume: {
      ...USED.volume,
      pruneVolumes: async (request) => (asked.push(request), { names: ['d00d'], reclaimedBytes: 999_876n }),
    },
  };
  return { methods, asked };
}

test('system prune asks, and removes containers before what they hold', async () => {
  const { methods, asked } = pruned();
  const system = await start(methods);
  expect((await system(['prune'], 'y\n')).stdout).toBe(
    `WARNING! This will remove:
  - all stopped containers
  - all networks not used by at least one container
  - all dangling images

Are you sure you want to continue? [y/N] Deleted Containers:
${OLD}

Deleted Networks:
idle

Deleted Images:
deleted: ${BARE}

Total reclaimed space: 124B
`,
  );
  expect(asked).toEqual([{ filters: [] }, { filters: [] }, { all: false, filters: [] }]);
});

test('system prune of all, with anonymous volumes, as far as the filters let it', async () => {
  const { methods, asked } = pruned();
  const system = await start(methods);
  expect(
    await system(['prune', '-a', '--volumes', '--filter', 'label!=keep=no', '--filter', 'label=keep'], 'n\n'),
  ).toEqual({
    code: 0,
    stdout: `WARNING! This will remove:
  - all stopped containers
  - all networks not used by at least one container
  - all anonymous volumes not used by at least one container
  - all images without at least one container associated to them

  Items to be pruned will be filtered with:
  - label!=keep=no
  - label=keep

Are you sure you want to continue? [y/N] `,
    stderr: '',
  });
  expect(asked).toEqual([]);
  const filters = [{ key: 'label!', value: 'keep' }];
  const { stdout } = await system(['prune', '-af', '--volumes', '--filter', 'label!=keep']);
  expect(stdout).toContain('\n\nDeleted Volumes:\nd00d\n\nDeleted Images:\n');
  expect(stdout).toContain('\nTotal reclaimed space: 1MB\n');
  expect(asked).toEqual([{ filters }, { filters }, { filters }, { all: true, filters }]);
  expect(await system(['prune', '-f', '--volumes', '--filter', 'until=24h'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'ERROR: The "until" filter is not supported with "--volumes"\n',
  });
});
