// What brings, names and removes images, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { IMAGE, LISTED, WEB } from './listed-engine.ts';
import { useBerth } from './use-fake-engine.ts';

const start = useBerth({ cwd: '/tmp' });

const DIGEST = `sha256:${'d4'.repeat(32)}`;

test('rmi tells image-service which containers run', async () => {
  let running: string[] = [];
  const berth = await start({
    ...LISTED,
    image: {
      deleteImage: async ({ name, runningContainerIds }) => {
        running = runningContainerIds;
        if (name !== 'busybox') throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${name}:latest`);
        return {
          untagged: ['docker.io/library/busybox:latest', `docker.io/library/busybox@${DIGEST}`],
          deleted: [IMAGE],
        };
      },
    },
  });
  expect(await berth('rmi', 'busybox', 'x')).toEqual({
    code: 1,
    stdout: `Untagged: busybox:latest\nUntagged: busybox@${DIGEST}\nDeleted: ${IMAGE}\n`,
    stderr: 'Error response from daemon: No such image: x:latest\n',
  });
  expect(running).toEqual([WEB]);
  expect(await berth('rmi', '-f', 'x')).toMatchObject({ code: 0 });
});

test('pull prints what docker prints', async () => {
  const berth = await start({
    image: {
      async *pullImage({ reference }) {
        if (reference === 'docker.io/library/nope:latest')
          throw new BerthError('REGISTRY_DENIED', 'pull access denied for nope');
        yield { event: { $case: 'resolved', value: { digest: DIGEST } } };
        yield { event: { $case: 'done', value: { digest: DIGEST, upToDate: true } } };
      },
    },
  });
  expect(await berth('pull', 'busybox')).toEqual({
    code: 0,
    stdout: `Using default tag: latest
latest: Pulling from library/busybox
Digest: ${DIGEST}
Status: Image is up to date for busybox:latest
docker.io/library/busybox:latest
`,
    stderr: '',
  });
  expect((await berth('pull', '-q', 'localhost:5000/a:v1')).stdout).toBe('localhost:5000/a:v1\n');
  expect(await berth('pull', 'nope')).toEqual({
    code: 1,
    stdout: 'Using default tag: latest\n',
    stderr: 'Error response from daemon: pull access denied for nope\n',
  });
});

test('import sends the archive and what is to be changed', async () => {
  const directory = mkdtempSync('/tmp/berth-');
  writeFileSync(join(directory, 'a.tar'), Buffer.alloc(600_000, 1));
  const received: unknown[] = [];
  let bytes = 0;
  const berth = await start({
    image: {
      importImage: async (requests) => {
        for await (const { part } of requests) {
          if (part?.$case === 'data') bytes += part.value.length;
          else received.push({ ...part?.value, config: JSON.parse(Buffer.from(part?.value.config ?? []).toString()) });
        }
        return { image: { id: IMAGE } };
      },
    },
  });
  expect(await berth('import', '-c', 'CMD ["sh"]', '-m', 'hello', join(directory, 'a.tar'), 'me:v1')).toEqual({
    code: 0,
    stdout: `${IMAGE}\n`,
    stderr: '',
  });
  expect(received).toEqual([{ reference: 'me:v1', config: { Cmd: ['sh'] }, message: 'hello', platform: '' }]);
  expect(bytes).toBe(600_000);
  expect(await berth('import', 'nofile')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'open nofile: no such file or directory\n',
  });
  rmSync(directory, { recursive: true });
});

test('tag', async () => {
  let asked: unknown;
  const berth = await start({ image: { tagImage: async (request) => ((asked = request), {}) } });
  expect(await berth('tag', 'a', 'b:c')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await berth('tag', 'a', 'B')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Error parsing reference: "B" is not a valid repository/tag: invalid reference'),
  });
  expect(asked).toEqual({ name: 'a', target: 'b:c' });
});
