import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TestContainers } from './support/containers.ts';
import { useContainers } from './support/use-containers.ts';

let containers: TestContainers;

useContainers((started) => ({ containers } = started));

const sh = (script: string): string[] => ['sh', '-c', script];

describe('a container whose /etc/passwd and /etc/group lie', () => {
  const GOOD = 'printf "root:x:0:0::/root:/bin/sh\\nann:x:1000:100::/:/bin/sh\\n" > /etc/passwd;';
  let id: string;
  beforeEach(async () => {
    id = await containers.startDetached('sleep 1000');
  });

  /** What `id` says in an exec as `user` after `script` has written the files. */
  async function idAfter(script: string, user: string): Promise<string> {
    await containers.exec(id, sh(`rm -rf /etc/passwd /etc/group; ${script}`), { user: '0:0' });
    const { stdout } = await containers.exec(id, ['grep', '-E', '^(Uid|Gid|Groups):', '/proc/self/status'], { user });
    const [uid, gid, groups] = stdout.split('\n').map((line) => line.split('\t')[1]?.trim());
    return [uid, gid, groups].join(':');
  }

  test.each([
    ['a huge file', 'yes ann:x:0:0::/:/bin/sh | head -c 3000000 > /etc/passwd', 'ann'],
    ['a file without an end', 'ln -s /dev/zero /etc/passwd', 'ann'],
    ['a pipe', 'mkfifo /etc/passwd', 'ann'],
    ['a directory', 'mkdir /etc/passwd', 'ann'],
    ['a link in circles', 'ln -s passwd /etc/passwd', 'ann'],
    ['a link to the host', 'ln -s /proc/1/root/etc/passwd /etc/passwd', 'games'],
    ['an id that means no change', 'echo "ann:x:4294967295:0::/:" > /etc/passwd', 'ann'],
    ['an id of 33 bits', 'echo "ann:x:4294967296:0::/:" > /etc/passwd', 'ann'],
    ['an id below zero', 'echo "ann:x:-1:0::/:" > /etc/passwd', 'ann'],
    ['an id that is none', 'echo "ann:x:0x0:0::/:" > /etc/passwd', 'ann'],
    ['a name with a NUL', 'printf "ann\\0:x:0:0::/:\\n" > /etc/passwd', 'ann'],
    [
      'a line without an end',
      'head -c 100000 /dev/zero | tr "\\0" a > /etc/passwd; echo "ann:x:0:0::/:" >> /etc/passwd',
      'ann',
    ],
    ['a group of 33 bits', `${GOOD} echo "staff:x:4294967296:" > /etc/group`, 'ann:staff'],
    ['a group in a pipe', `${GOOD} mkfifo /etc/group`, 'ann:staff'],
  ])('with %s makes nobody of a name', async (_, script, user) => {
    await expect(idAfter(script, user)).rejects.toMatchObject({ reason: 'USER_INVALID' });
  });

  test.each([
    ['a NUL in another line', 'printf "\\0\\n\\0:\\0\\nann:x:7:8::/:\\n" > /etc/passwd', 'ann', '7:8:8'],
    ['digits for a name', 'echo "1000:x:0:0::/:" > /etc/passwd', '1000', '1000:0:0'],
    ['no files at all', 'true', '1000', '1000:0:0'],
    ['a pipe', 'mkfifo /etc/passwd /etc/group', '1000', '1000:0:0'],
    [
      'a good line behind a bad one',
      `${GOOD} printf "x\\nann:x:y\\nx:x:9:ann\\n" > /etc/group`,
      'ann',
      '1000:100:9 100',
    ],
  ])('with %s is read as far as it makes sense', async (_, script, user, expected) => {
    expect(await idAfter(script, user)).toBe(expected);
  });

  test('with more groups than a process can have is in the first of them', async () => {
    const script = `${GOOD} seq 101 70000 | sed "s/.*/g::&:ann/" > /etc/group`;
    const groups = (await idAfter(script, 'ann')).split(':')[2]?.split(' ').map(Number);
    expect(groups).toHaveLength(65_536);
    expect(groups).toEqual(Array.from({ length: 65_536 }, (_, index) => 100 + index));
  });
});

test.each([['4294967295'], ['-1'], ['nosuch'], ['99999999999999999999'], ['a\nb'], ['']])(
  '--group-add %j is refused',
  async (group) => {
    const run = containers.run(['true'], { config: { additionalGroups: [group] } });
    await expect(run).rejects.toMatchObject({ reason: expect.stringMatching(/^(USER_INVALID|INVALID_ARGUMENT)$/) });
  },
);

test.each([['4294967295'], ['-1'], ['nosuch'], ['0:4294967296'], ['root:nosuch'], ['a\nb'], ['a:b:c']])(
  '--user %j is refused',
  async (user) => {
    const run = containers.run(['true'], { config: { user } });
    await expect(run).rejects.toMatchObject({ reason: expect.stringMatching(/^(USER_INVALID|INVALID_ARGUMENT)$/) });
  },
);
