import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ContainerStatus } from '@berth/proto/container';
import { runCli } from './run-cli.ts';
import { startFakeEngine } from './fake-services.ts';

const BIN = new URL('../bin', import.meta.url).pathname;

/** What bash offers for each line. */
async function completeInBash(root: string, lines: readonly string[]): Promise<string[][]> {
  const script = `
source <(berth completion bash)
for COMP_LINE in "$@"; do
  COMP_POINT=\${#COMP_LINE}
  _berth
  (IFS=' '; echo "\${COMPREPLY[*]}")
done`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...lines], {
    env: { PATH: `${BIN}:${process.env.PATH}`, BERTH_ROOT: root },
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

test('bash completes commands, options, and names of what there is; colons end its words', async () => {
  await using engine = await startFakeEngine({
    container: {
      listContainers: () =>
        Promise.resolve({
          containers: [
            { name: 'web', status: ContainerStatus.RUNNING },
            { name: 'job', status: ContainerStatus.EXITED },
          ],
        }),
    },
    image: {
      listImages: () => Promise.resolve({ images: [{ tags: ['localhost:5000/app:v1', 'localhost:5000/app:v2'] }] }),
    },
  });
  expect(
    await completeInBash(engine.root, [
      'berth volume re',
      'berth rm --f',
      'berth stop ',
      'berth run localhost:5000/app:',
    ]),
  ).toEqual([['rename', 'restore', 'remove'], ['--force'], ['web'], ['v1', 'v2']]);
});

test('nothing is said where there is no engine, and commands are known without one', async () => {
  expect(await runCli(['__complete', '--', 'rm', ''], { root: '/nonexistent' })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  const { stdout } = await runCli(['__complete', '--', 'vers'], { root: '/nonexistent' });
  expect(stdout).toBe('version\tShow the Berth version information\n');
});

test('another shell than the three is refused', async () => {
  const { code, stderr } = await runCli(['completion', 'tcsh']);
  expect([code, stderr]).toEqual([1, 'no completion for tcsh: there is one for bash, fish, zsh\n']);
});
