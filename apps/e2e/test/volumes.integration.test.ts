import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BERTH_COMMAND, createTemporaryDirectory, runProgram } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

const inVolume = (volume: string, script: string): Promise<string> =>
  cli.ok('run', '--rm', '-v', `${volume}:/v`, 'busybox', 'sh', '-c', script);

test('a volume is copied, kept as a snapshot, restored, renamed, exported and imported', async () => {
  using dir = createTemporaryDirectory();
  await cli.ok('volume', 'create', '--label', 'of=test', 'walk');
  await inVolume('walk', 'echo one > /v/file; ln /v/file /v/link; chown 7:8 /v/file');
  expect(await cli.ok('volume', 'cp', 'walk', 'walk-copy')).toBe('walk-copy');
  expect(await cli.ok('volume', 'snapshot', 'walk', 'walk-monday')).toBe('walk-monday');
  await inVolume('walk', 'echo two > /v/file; touch /v/more');
  expect(await inVolume('walk-copy', 'cat /v/link; stat -c "%u:%g %h" /v/file; ls /v')).toBe('one\n7:8 2\nfile\nlink');

  await cli.ok('run', '-d', '--name', 'walk-user', '-v', 'walk:/v', 'busybox', 'sleep', '1000');
  const refused = await cli.berth('volume', 'restore', 'walk', 'walk-monday');
  expect(refused.stderr).toMatch(/^Error response from daemon: restore walk: volume is in use - \[[0-9a-f]{64}\]$/m);
  expect(await cli.ok('volume', 'restore', '-f', 'walk', 'walk-monday')).toBe('walk');
  expect(await cli.ok('exec', 'walk-user', 'sh', '-c', 'cat /v/file; ls /v')).toBe('one\nfile\nlink');
  await cli.ok('rm', '-f', 'walk-user');

  await cli.ok('volume', 'rename', 'walk', 'walk-new');
  expect(await inVolume('walk-new', 'cat /v/file')).toBe('one');
  const tar = join(dir.path, 'walk.tar');
  await cli.ok('volume', 'export', '-o', tar, 'walk-new');
  expect(await cli.ok('volume', 'import', 'walk-imported', tar)).toBe('walk-imported');
  expect(await inVolume('walk-imported', 'stat -c "%u:%g %h" /v/link')).toBe('7:8 2');
  const full = await runProgram('sh', ['-c', `exec ${BERTH_COMMAND} volume export walk-new >/dev/full`], {
    env: cli.engine.env,
  });
  expect(full).toMatchObject({ code: 1, stderr: 'write /dev/stdout: no space left on device\n' });
  writeFileSync(tar, 'no tar at all'.repeat(100));
  expect((await cli.berth('volume', 'import', 'walk-bad', tar)).code).toBe(1);

  expect(await cli.ok('volume', 'ls', '-q', '-f', 'name=walk')).toBe('walk-copy\nwalk-imported\nwalk-monday\nwalk-new');
  expect(await cli.ok('volume', 'ls', '-s', '-f', 'name=walk-monday')).toMatch(
    /^DRIVER +VOLUME NAME +SIZE +LINKS +LAST USED +SNAPSHOT OF\nlocal +walk-monday +4B +0 +never +walk$/,
  );
  await cli.ok('volume', 'prune', '-af', '--filter', 'label=of=test');
  expect(await cli.ok('volume', 'ls', '-q', '-f', 'name=walk')).toBe('walk-imported\nwalk-monday');
  await cli.ok('volume', 'rm', 'walk-imported', 'walk-monday');
});

test('a volume is not removed while a container that mounts it starts, however close they come', async () => {
  for (let round = 0; round < 5; round++) {
    const name = `race-${round}`;
    await cli.ok('volume', 'create', name);
    const [started, removed] = await Promise.all([
      cli.berth('run', '-d', '--name', name, '-v', `${name}:/v`, 'busybox', 'sh', '-c', 'echo 1 > /v/file; sleep 1000'),
      cli.berth('volume', 'rm', name),
    ]);
    expect(started.code).toBe(0);
    if (removed.code === 1) expect(removed.stderr).toContain('volume is in use');
    // Whoever was first: the container has a volume that is there.
    expect(await cli.ok('volume', 'ls', '-q', '-f', `name=${name}`)).toBe(name);
    await cli.ok('exec', name, 'sh', '-c', 'while ! [ -e /v/file ]; do sleep 0.01; done');
    await cli.ok('rm', '-f', name);
    expect(await cli.ok('run', '--rm', '-v', `${name}:/v`, 'busybox', 'cat', '/v/file')).toBe('1');
    await cli.ok('volume', 'rm', name);
  }
});

test('a container that is gone by itself has given its volumes back when its command ends', async () => {
  for (let round = 0; round < 5; round++) {
    await cli.ok('run', '--rm', '-v', 'borrowed:/v', '-v', '/anonymous', 'busybox', 'true');
    expect(await cli.ok('volume', 'ls', '-q', '-f', 'dangling=false')).toBe('');
    await cli.ok('volume', 'rm', 'borrowed');
  }
  expect(await cli.ok('volume', 'ls', '-q', '-f', 'label=com.docker.volume.anonymous')).toBe('');
});

test('a volume on /etc hides nothing of what the engine mounts there', async () => {
  const script = 'grep -c localhost /etc/hosts; cat /etc/hostname; grep -c . /etc/resolv.conf; wc -c </etc/passwd';
  for (const option of ['', ':ro']) {
    const volumes = ['-v', `configuration:/etc${option}`, '-v', 'inner:/etc/not/there'];
    const found = await cli.ok('run', '--rm', '-h', 'named', ...volumes, 'busybox', 'sh', '-c', script);
    expect(found).toMatch(/^[1-9]\d*\nnamed\n[1-9]\d*\n[1-9]\d*$/);
    await cli.ok('volume', 'rm', 'configuration', 'inner');
  }
});
