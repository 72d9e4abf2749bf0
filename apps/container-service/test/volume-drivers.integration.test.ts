import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectService } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { killComponent, waitFor, type TestEngine } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { aMount, type TestContainers } from './support/containers.ts';
import { useContainers } from './support/use-containers.ts';

const sh = (script: string): string[] => ['sh', '-c', script];

let engine: TestEngine;
let containers: TestContainers;

useContainers((started) => {
  ({ engine, containers } = started);
});

async function makeVolume(name: string, options: Record<string, string>): Promise<void> {
  const { client, close } = connectService(VolumeServiceDefinition, engine.paths.socket('volume-service'));
  try {
    await client.createVolume({ name, driver: '', labels: {}, options });
  } finally {
    close();
  }
}

async function run(script: string, volume: string, fields = {}): Promise<string> {
  const mounts = [aMount({ source: volume, target: '/v', ...fields })];
  return (await containers.run(sh(script), { config: { mounts } })).stdout;
}

/** The loop devices of a file. */
function loopDevices(file: string): string[] {
  const out = execFileSync('losetup', ['-j', file], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

test('a directory of the host', async () => {
  const dir = join(engine.root, 'bound');
  mkdirSync(dir);
  writeFileSync(join(dir, 'file'), 'there');
  await makeVolume('bound', { type: 'none', o: 'bind', device: dir });
  expect(await run('cat /v/file; echo made > /v/new', 'bound')).toBe('there');
  expect(readFileSync(join(dir, 'new'), 'utf8')).toBe('made\n');
  await makeVolume('bound-ro', { type: 'none', o: 'bind,ro', device: dir });
  expect(await run('touch /v/x 2>/dev/null || echo ro', 'bound-ro')).toBe('ro\n');
});

test('memory is one for all that have it, also after the service was killed, and empty for the next', async () => {
  await makeVolume('memory', { type: 'tmpfs', o: 'mode=0750,uid=7', device: 'tmpfs', size: '1m' });
  const mounts = [aMount({ source: 'memory', target: '/v' })];
  const [first, second] = await Promise.all(
    ['a', 'b'].map((name) => containers.startDetached(`echo ${name} > /v/${name}; sleep 1000`, { config: { mounts } })),
  );
  const list = async () => (await containers.exec(second ?? '', sh('ls /v'))).stdout;
  await waitFor(async () => (await list()) === 'a\nb\n', { what: 'the files of both' });
  await killComponent(engine, 'container-service');
  await engine.start();
  expect(await run('ls /v; stat -c "%a %u" /v', 'memory')).toBe('a\nb\n750 7\n');
  expect(await run("df -k /v | awk 'END { print $2 }'", 'memory')).toBe('1024\n');
  await containers.client.killContainer({ container: first ?? '', signal: 'KILL' });
  expect(await run('touch /v/c; ls /v', 'memory', { target: '/elsewhere/v', readonly: false })).toBe('');
  await containers.client.killContainer({ container: second ?? '', signal: 'KILL' });
  await containers.removeAll();
  expect(await run('ls /v', 'memory')).toBe('');
  const place = join(engine.paths.serviceDir('volume-service'), 'volumes/memory');
  const isMounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(place);
  await waitFor(() => !isMounted(), { what: 'the end of the mount' });
});

test('a file with a file system is mounted by all as one, and by nobody afterwards', async () => {
  const file = join(engine.root, 'disk.img');
  execFileSync('truncate', ['-s', '16M', file]);
  execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', file]);
  await makeVolume('disk', { type: 'ext4', o: 'noatime', device: file });
  const mounts = [aMount({ source: 'disk', target: '/v' })];
  const id = await containers.startDetached('echo 1 > /v/one; sleep 1000', { config: { mounts } });
  await waitFor(async () => (await run('cat /v/one 2>/dev/null', 'disk')) === '1\n', { what: 'the file of the other' });
  expect(loopDevices(file)).toHaveLength(1);
  expect((await containers.exec(id, sh('grep -c " /v ext4 .*noatime" /proc/mounts'))).stdout).toBe('1\n');
  await containers.removeAll();
  await waitFor(() => loopDevices(file).length === 0, { what: 'the end of the loop device' });
  expect(await run('cat /v/one', 'disk', { readonly: true })).toBe('1\n');
});

test('what cannot be mounted is told, and leaves the container as it was', async () => {
  await makeVolume('broken', { type: 'ext4', device: '/dev/null' });
  await expect(run('true', 'broken')).rejects.toMatchObject({
    reason: 'START_FAILED',
    message: expect.stringMatching(/mount \/dev\/null as ext4/),
  });
  await expect(makeVolume('bad', { type: 'ext4' })).rejects.toMatchObject({
    message: 'create bad: missing required option: "device"',
  });
  await expect(makeVolume('bad', { size: '1g' })).rejects.toMatchObject({
    message: 'create bad: quota size requested but no quota support',
  });
});
