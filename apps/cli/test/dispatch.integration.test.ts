import { expect, test } from '@jest/globals';
import { runCli } from './run-cli.ts';
import { COMMANDS } from '../src/command-table.ts';

// Recorded from docker 28, with its own name replaced.
test.each([
  [
    'ps --foo',
    125,
    "unknown flag: --foo\n\nUsage:  berth ps [OPTIONS]\n\nRun 'berth ps --help' for more information\n",
  ],
  [
    'container ls --foo',
    125,
    "unknown flag: --foo\n\nUsage:  berth container ls [OPTIONS]\n\nRun 'berth container ls --help' for more information\n",
  ],
  [
    'run --name',
    125,
    "flag needs an argument: --name\n\nUsage:  berth run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'berth run --help' for more information\n",
  ],
  [
    'run -a foo x',
    125,
    'invalid argument "foo" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR\n\n' +
      "Usage:  berth run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'berth run --help' for more information\n",
  ],
  [
    'run -e =x x',
    125,
    'invalid argument "=x" for "-e, --env" flag: invalid environment variable: =x\n\n' +
      "Usage:  berth run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'berth run --help' for more information\n",
  ],
  [
    'ps x',
    1,
    "berth: 'berth ps' accepts no arguments\n\nUsage:  berth ps [OPTIONS]\n\nRun 'berth ps --help' for more information\n",
  ],
  [
    'rm',
    1,
    "berth: 'berth rm' requires at least 1 argument\n\nUsage:  berth rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'berth rm --help' for more information\n",
  ],
  [
    'exec a',
    1,
    "berth: 'berth exec' requires at least 2 arguments\n\nUsage:  berth exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nSee 'berth exec --help' for more information\n",
  ],
  [
    'logs',
    1,
    "berth: 'berth logs' requires 1 argument\n\nUsage:  berth logs [OPTIONS] CONTAINER\n\nRun 'berth logs --help' for more information\n",
  ],
  [
    'port a 80 81',
    1,
    "berth: 'berth port' requires at least 1 and at most 2 arguments\n\nUsage:  berth port CONTAINER [PRIVATE_PORT[/PROTO]]\n\nRun 'berth port --help' for more information\n",
  ],
  [
    'tag a b c',
    1,
    "berth: 'berth tag' requires 2 arguments\n\nUsage:  berth tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\nRun 'berth tag --help' for more information\n",
  ],
  [
    'images a b',
    1,
    "berth: 'berth images' requires at most 1 argument\n\nUsage:  berth images [OPTIONS] [REPOSITORY[:TAG]]\n\nRun 'berth images --help' for more information\n",
  ],
  ['foo', 1, "berth: unknown command: berth foo\n\nRun 'berth --help' for more information\n"],
  [
    'container foo',
    1,
    "berth: unknown command: berth container foo\n\nUsage:  berth container\n\nRun 'berth container --help' for more information\n",
  ],
  [
    '--foo',
    125,
    "unknown flag: --foo\n\nUsage:  berth [OPTIONS] COMMAND [ARG...]\n\nRun 'berth --help' for more information\n",
  ],
  ['help foo', 1, 'unknown help topic: foo\n'],
  ['pull A', 1, 'invalid reference format: repository name (library/A) must be lowercase\n'],
  ['start -a x y', 1, 'you cannot start and attach multiple containers at once\n'],
  ['version -f {{foo', 64, 'template parsing error: template: :1: unclosed action\n'],
  ['events --format {{foo}}', 64, 'Error parsing format: template: :1: function "foo" not defined\n'],
  ['events --filter foo=bar', 1, "Error response from daemon: invalid filter 'foo'\n"],
  [
    'ps',
    1,
    'Cannot connect to the Berth engine at unix:///tmp/berth-none/run/container-service.sock. Is the engine running?\n',
  ],
  [
    'images',
    1,
    'Cannot connect to the Berth engine at unix:///tmp/berth-none/run/image-service.sock. Is the engine running?\n',
  ],
])('berth %s', async (line, code, stderr) => {
  expect(await runCli(line.split(' '), { root: '/tmp/berth-none' })).toMatchObject({ code, stderr });
});

test('help is what was asked for on stdout, and a complaint on stderr', async () => {
  const asked = await runCli(['volume', '--help']);
  expect(asked).toEqual({
    code: 0,
    stderr: '',
    stdout: `Usage:  berth volume COMMAND

Manage volumes

Commands:
  cp          Copy a volume to a new one
  create      Create a volume
  export      Export a volume's contents as a tar archive
  import      Import the contents from a tarball into a volume
  inspect     Display detailed information on one or more volumes
  ls          List volumes
  prune       Remove unused local volumes
  rename      Rename a volume
  restore     Replace the contents of a volume by those of a snapshot
  rm          Remove one or more volumes
  snapshot    Create a snapshot of a volume

Run 'berth volume COMMAND --help' for more information on a command.
`,
  });
  expect(await runCli(['volume'])).toEqual({ code: 0, stdout: '', stderr: asked.stdout });
});

test('the help of a command names its aliases and its options', async () => {
  const text = `Usage:  berth rm [OPTIONS] CONTAINER [CONTAINER...]

Remove one or more containers

Aliases:
  berth container rm, berth container remove, berth rm

Options:
  -f, --force     Force the removal of a running container (uses SIGKILL)
  -v, --volumes   Remove anonymous volumes associated with the container
`;
  expect(await runCli(['rm', '--help'])).toEqual({ code: 0, stdout: text, stderr: '' });
  expect(await runCli(['help', 'rm'])).toEqual({ code: 0, stdout: text, stderr: '' });
  expect((await runCli(['rm', '-h'])).stdout).toBe(`Flag shorthand -h has been deprecated, use --help\n${text}`);
});

test('the general help knows every command', async () => {
  const { stdout } = await runCli(['--help']);
  for (const { paths } of COMMANDS) {
    const name = paths.find((path) => !path.includes(' '));
    if (name !== undefined) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  }
  expect(await runCli([])).toMatchObject({ code: 0, stdout });
  expect(await runCli(['help'])).toMatchObject({ code: 0, stdout });
});

test('every command can be loaded and has a help', async () => {
  for (const { paths } of COMMANDS) {
    for (const path of paths) {
      const { code, stdout } = await runCli([...path.split(' '), '--help']);
      expect([path, code]).toEqual([path, 0]);
      expect(stdout.startsWith(`Usage:  berth ${path}`)).toBe(true);
    }
  }
});

test('--version is one line', async () => {
  expect((await runCli(['--version'])).stdout).toMatch(/^Berth version \d+\.\d+\.\d+\n$/);
  expect((await runCli(['-v'])).stdout).toMatch(/^Berth version/);
});
