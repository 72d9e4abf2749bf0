// The commands that have to do with registries, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { PushPhase, type PushImageResponse } from '@berth/proto/image';
import type { FakeMethods } from './fake-services.ts';
import { runCli, startCli, type CliOptions } from './run-cli.ts';
import { useFakeEngines } from './use-fake-engine.ts';

const A = `sha256:${'aa'.repeat(32)}`;
const B = `sha256:${'bb'.repeat(32)}`;
const DIGEST = `sha256:${'d4'.repeat(32)}`;

const startEngine = useFakeEngines();

async function start(methods: FakeMethods) {
  const { root } = await startEngine(methods);
  return {
    root,
    berth: (argv: string[], options: CliOptions = {}) => runCli(argv, { root, cwd: '/tmp', ...options }),
    interactive: (argv: string[]) => startCli(argv, { root, terminal: { rows: 24, columns: 120 } }),
  };
}

function layer(diffId: string, phase: PushPhase, fields: { bytes?: [number, number]; mountedFrom?: string } = {}) {
  const [current, total] = fields.bytes ?? [0, 0];
  const value = { diffId, phase, currentBytes: BigInt(current), totalBytes: BigInt(total) };
  return { event: { $case: 'layer' as const, value: { ...value, mountedFrom: fields.mountedFrom ?? '' } } };
}

const PUSH: PushImageResponse[] = [
  { event: { $case: 'started', value: { repository: 'docker.io/user/app' } } },
  layer(B, PushPhase.PREPARING),
  layer(A, PushPhase.PREPARING),
  layer(A, PushPhase.WAITING),
  layer(B, PushPhase.PUSHING, { bytes: [512, 1024] }),
  layer(B, PushPhase.PUSHED),
  layer(A, PushPhase.MOUNTED, { mountedFrom: 'library/base' }),
  { event: { $case: 'pushed', value: { tag: 'latest', digest: DIGEST, sizeBytes: 528n } } },
];

test('push prints what docker prints', async () => {
  const asked: unknown[] = [];
  const { berth } = await start({
    image: {
      async *pushImage({ reference, allTags, platform }) {
        asked.push([reference, allTags, platform]);
        if (reference === 'denied:latest') throw new BerthError('IMAGE_NOT_FOUND', 'No such image: denied:latest');
        yield* PUSH;
        if (reference === 'late:latest') {
          throw new BerthError('REGISTRY_DENIED', 'denied: requested access to the resource is denied');
        }
      },
    },
  });
  const lines = [
    'The push refers to repository [docker.io/user/app]',
    'bbbbbbbbbbbb: Preparing',
    'aaaaaaaaaaaa: Preparing',
    'aaaaaaaaaaaa: Waiting',
    'bbbbbbbbbbbb: Pushed',
    'aaaaaaaaaaaa: Mounted from library/base',
    `latest: digest: ${DIGEST} size: 528`,
    '',
  ].join('\n');
  expect(await berth(['push', 'user/app'])).toEqual({
    code: 0,
    stdout: `Using default tag: latest\n${lines}`,
    stderr: '',
  });
  expect(await berth(['push', '-q', 'user/app:latest'])).toEqual({
    code: 0,
    stdout: 'docker.io/user/app:latest\n',
    stderr: '',
  });
  expect((await berth(['push', '-a', '--platform', 'linux/arm64', 'user/app'])).stdout).toBe(lines);
  expect(await berth(['push', '-q', 'late:latest'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'denied: requested access to the resource is denied\n',
  });
  expect((await berth(['push', 'denied:latest'])).stderr).toBe(
    'Error response from daemon: No such image: denied:latest\n',
  );
  expect((await berth(['push', '-a', 'user/app:v1'])).stderr).toBe("tag can't be used with --all-tags/-a\n");
  expect(asked.slice(0, 3)).toEqual([
    ['user/app:latest', false, ''],
    ['user/app:latest', false, ''],
    ['user/app', true, 'linux/arm64'],
  ]);
});

test('push draws rows on a terminal', async () => {
  const { interactive } = await start({
    image: {
      async *pushImage() {
        yield* PUSH;
      },
    },
  });
  const { stdout } = await interactive(['push', 'user/app']).result;
  expect(stdout).toContain(
    '\x1b[2A\x1b[2K\rbbbbbbbbbbbb: Pushing [=========================>                         ]     512B/1.024kB\r\x1b[2B',
  );
  expect(stdout).toContain('\x1b[1A\x1b[2K\raaaaaaaaaaaa: Mounted from library/base \r\x1b[1B');
});

test('pull -a pulls the tags of all pages, and tells the status once', async () => {
  const pulled: string[] = [];
  const { berth } = await start({
    registry: {
      async *listTags({ repository }) {
        expect(repository).toBe('docker.io/library/busybox');
        yield { tags: ['1', '2'] };
        yield { tags: ['3'] };
      },
    },
    image: {
      async *pullImage({ reference }) {
        pulled.push(reference);
        yield { event: { $case: 'resolved', value: { digest: DIGEST } } };
        yield { event: { $case: 'done', value: { digest: DIGEST, upToDate: !reference.endsWith(':2') } } };
      },
    },
  });
  expect(await berth(['pull', '-a', 'busybox'])).toEqual({
    code: 0,
    stdout: [
      ...[1, 2, 3].flatMap((tag) => [`${tag}: Pulling from library/busybox`, `Digest: ${DIGEST}`]),
      'Status: Downloaded newer image for busybox',
      'docker.io/library/busybox',
      '',
    ].join('\n'),
    stderr: '',
  });
  expect(pulled).toEqual([1, 2, 3].map((tag) => `docker.io/library/busybox:${tag}`));
  expect((await berth(['pull', '-a', 'busybox:1'])).stderr).toBe("tag can't be used with --all-tags/-a\n");
});

test('search prints what docker prints, by stars', async () => {
  const asked: unknown[] = [];
  const { berth } = await start({
    registry: {
      async searchRepositories(request) {
        asked.push(request);
        const description = 'A description that is longer than the table has room for';
        return {
          results: [
            { name: 'user/few', description: 'Few stars', starCount: 3, isOfficial: false },
            { name: 'busybox', description, starCount: 3000, isOfficial: true },
          ],
        };
      },
    },
  });
  expect((await berth(['search', 'busybox'])).stdout).toBe(
    [
      'NAME       DESCRIPTION                                     STARS     OFFICIAL',
      'busybox    A description that is longer than the table …   3000      [OK]',
      'user/few   Few stars                                       3         ',
      '',
    ].join('\n'),
  );
  const template = ['--no-trunc', '--format', '{{.Name}}|{{.Description}}|{{.StarCount}}|{{.IsOfficial}}'];
  const filters = ['--filter', 'is-official=true', '-f', 'stars=3', '-f', 'stars=30', '--limit', '5'];
  expect((await berth(['search', ...template, ...filters, 'busybox'])).stdout.split('\n')[0]).toBe(
    'busybox|A description that is longer than the table has room for|3000|[OK]',
  );
  expect(asked.slice(0, 2)).toEqual([
    { term: 'busybox', limit: 0, isOfficial: undefined, minStarCount: 0 },
    { term: 'busybox', limit: 5, isOfficial: true, minStarCount: 30 },
  ]);
  expect((await berth(['search', '-f', 'is-automated=true', '--format', '{{.Name}}', 'a'])).stdout).toBe('');
  expect((await berth(['search', '-f', 'stars=x', 'a'])).stderr).toContain(`invalid filter 'stars=x'`);
  expect((await berth(['search', '-f', 'color=red', 'a'])).stderr).toContain(`invalid filter 'color'`);
});

test('login keeps what the registry takes', async () => {
  const logins: unknown[] = [];
  const { berth, root } = await start({
    registry: {
      async login({ server, credentials }) {
        if (credentials?.password === 'wrong') throw new BerthError('REGISTRY_UNAUTHORIZED', 'login attempt failed');
        logins.push([server, credentials?.username, credentials?.password]);
        return {};
      },
    },
  });
  const path = `${root}/lib/registry-gateway/credentials.json`;
  const warning = `\nWARNING! Your credentials are stored unencrypted in '${path}'.\n\n`;
  expect(await berth(['login', '-u', 'me', '--password-stdin', 'r.test'], { stdin: 'secret\n' })).toEqual({
    code: 0,
    stdout: 'Login Succeeded\n',
    stderr: warning,
  });
  expect((await berth(['login', '-u', 'me', '-p', 'word'])).stderr).toBe(
    `WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n${warning}`,
  );
  expect(logins).toEqual([
    ['r.test', 'me', 'secret'],
    ['', 'me', 'word'],
  ]);
  expect(await berth(['login', '-u', 'me', '--password-stdin'], { stdin: 'wrong' })).toMatchObject({
    code: 1,
    stderr: 'Error response from daemon: login attempt failed\n',
  });
  expect((await berth(['login'])).stderr).toBe('Error: Cannot perform an interactive login from a non TTY device\n');
  expect((await berth(['login', '--password-stdin'])).stderr).toBe(
    'the --password-stdin option requires --username to be set\n',
  );
});

test('login asks on a terminal, and the password does not show', async () => {
  const logins: unknown[] = [];
  const { interactive } = await start({
    registry: {
      async login({ server, credentials }) {
        logins.push([server, credentials?.username, credentials?.password]);
        return {};
      },
    },
  });
  const running = interactive(['login', 'r.test:5000']);
  await running.waitForStdout('Username: ');
  running.stdin.write('me\n');
  await running.waitForStdout('Password: ');
  expect(running.isRaw()).toBe(true);
  running.stdin.write('sec');
  running.stdin.write('x\x7fret\r');
  expect(await running.result).toMatchObject({ code: 0, stdout: 'Username: Password: \nLogin Succeeded\n' });
  expect(running.isRaw()).toBe(false);
  expect(logins).toEqual([['r.test:5000', 'me', 'secret']]);

  const given = interactive(['login']);
  await given.waitForStdout('Username: ');
  given.stdin.write('me\n');
  await given.waitForStdout('Password: ');
  given.stdin.write('se\x03');
  expect((await given.result).code).toBe(130);
  expect(logins).toHaveLength(1);
});

test('logout forgets', async () => {
  const servers: string[] = [];
  const { berth } = await start({
    registry: {
      async logout({ server }) {
        servers.push(server);
        return {};
      },
    },
  });
  expect((await berth(['logout'])).stdout).toBe('Removing login credentials for https://index.docker.io/v1/\n');
  expect((await berth(['logout', 'https://r.test/v2/'])).stdout).toBe('Removing login credentials for r.test\n');
  expect(servers).toEqual(['', 'https://r.test/v2/']);
});
