import { expect, test } from '@jest/globals';
import { stopEngine } from '@berth/launcher';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine, useRegistry } from './support/use-engine.ts';

const cli = useEngine();
const registry = useRegistry();

async function expectRefusal(args: string[], code: number, stderr: string | RegExp): Promise<void> {
  const result = await cli.berth(...args);
  expect({ args, code: result.code, stdout: result.stdout }).toEqual({ args, code, stdout: '' });
  if (typeof stderr === 'string') expect(result.stderr).toContain(stderr);
  else expect(result.stderr).toMatch(stderr);
}

test('a malformed reference', async () => {
  await expectRefusal(['run', 'UPPER/case:tag:tag', 'true'], 125, 'invalid reference format');
  await expectRefusal(
    ['pull', 'Busybox'],
    1,
    'invalid reference format: repository name (library/Busybox) must be lowercase',
  );
});

test('an image that the registry does not have', async () => {
  await expectRefusal(['pull', '-q', `${registry.host}/nobody/nothing:1`], 1, /not found|does not exist|unknown/);
});

test('a registry that is not there', async () => {
  await expectRefusal(['pull', '-q', '127.0.0.1:1/a:1'], 1, /connection refused/i);
});

test('a command that is missing gives 127, one that cannot be executed 126', async () => {
  await expectRefusal(
    ['run', '--rm', 'busybox', 'no-such-command'],
    127,
    'exec: "no-such-command": executable file not found in $PATH',
  );
  await expectRefusal(['run', '--rm', 'busybox', '/etc'], 126, /exec: "\/etc": (is a directory|permission denied)/);
  await expectRefusal(['run', '--rm', 'busybox', '/etc/passwd'], 126, 'permission denied');
});

test('a user that the image does not know', async () => {
  await expectRefusal(
    ['run', '--rm', '-u', 'stranger', 'busybox', 'true'],
    125,
    'unable to find user stranger: no matching entries in passwd file',
  );
  await expectRefusal(['run', '--rm', '-u', '4294967296', 'busybox', 'true'], 125, /4294967296/);
});

test('a name that is in use', async () => {
  const id = await cli.ok('create', '--name', 'taken', 'busybox');
  await expectRefusal(
    ['create', '--name', 'taken', 'busybox'],
    1,
    `Conflict. The container name "/taken" is already in use by container "${id}"`,
  );
  await cli.ok('rm', 'taken');
});

test('a container that does not exist', async () => {
  await expectRefusal(['start', 'ghost'], 1, 'No such container: ghost');
  await expectRefusal(['exec', 'ghost', 'true'], 1, 'No such container: ghost');
  // As Docker does, inspect prints the list of what it found, too.
  const { code, stdout, stderr } = await cli.berth('inspect', 'ghost');
  expect({ code, stdout: stdout.trim(), stderr }).toEqual({
    code: 1,
    stdout: '[]',
    stderr: expect.stringContaining('No such object: ghost'),
  });
});

test('a container that runs cannot be removed; one that does not cannot be killed', async () => {
  await cli.ok('run', '-d', '--name', 'busy', 'busybox', 'sleep', '100');
  await expectRefusal(['rm', 'busy'], 1, 'cannot remove container "busy": container is running');
  await expectRefusal(['rmi', 'busybox'], 1, /unable to (remove|delete)/);
  await cli.ok('kill', 'busy');
  await cli.ok('wait', 'busy');
  await expectRefusal(['kill', 'busy'], 1, 'is not running');
  await expectRefusal(['unpause', 'busy'], 1, 'is not paused');
  await expectRefusal(['exec', 'busy', 'true'], 1, 'is not running');
  await cli.ok('rm', 'busy');
});

test('a flag, a command and a file that do not exist', async () => {
  await expectRefusal(['run', '--env-file', '/nowhere', 'busybox', 'true'], 125, 'open /nowhere: no such file');
  await expectRefusal(['run', '--no-such-flag', 'busybox'], 125, 'unknown flag: --no-such-flag');
  await expectRefusal(['frobnicate'], 1, 'unknown command');
});

test('a network and a volume that make no sense', async () => {
  await expectRefusal(['run', '--rm', '--network', 'nowhere', 'busybox', 'true'], 125, 'network nowhere not found');
  await expectRefusal(
    ['run', '--rm', '-v', 'bad/name:/x', 'busybox', 'true'],
    125,
    'includes invalid characters for a local volume name',
  );
});

test('a container that could not start leaves nothing', () => expectNothingLeft(cli.engine));

test('a service that is down is named, and works again once it is up', async () => {
  const { paths, env } = cli.engine;
  await stopEngine({ paths, env, only: ['image-service'] });
  await expectRefusal(['images'], 1, /Cannot connect to the Berth engine at unix:\/\/.*image-service\.sock/);
  await expectRefusal(['run', '--rm', 'busybox', 'true'], 125, /image-service/);
  await stopEngine({ paths, env, only: ['container-service'] });
  await expectRefusal(['ps'], 1, /Cannot connect to the Berth engine at unix:\/\/.*container-service\.sock/);
  await cli.engine.start();
  expect(await cli.ok('run', '--rm', 'busybox', 'echo', 'back')).toBe('back');
  await expectNothingLeft(cli.engine);
});
