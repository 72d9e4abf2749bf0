import { join } from 'node:path';
import { resolvePaths } from '@berth/client/engine-paths';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectRegistry } from '../engine/registry.ts';
import { createPrompt } from '../registry/prompt.ts';

const HUB_HINT =
  'Log in with your Docker ID or email address to push and pull images from Docker Hub. ' +
  "If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.\n";

interface User {
  readonly username: string;
  readonly password: string;
}

export const command = defineCommand({
  usage: '[OPTIONS] [SERVER]',
  args: { atMost: 1 },
  options: {
    password: { kind: 'string', short: 'p', help: 'Password or Personal Access Token (PAT)' },
    'password-stdin': { kind: 'flag', help: 'Take the Password or Personal Access Token (PAT) from stdin' },
    username: { kind: 'string', short: 'u', help: 'Username' },
  },
  async run(context, { options, args: [server = ''] }) {
    const { stdout, stderr, env, signal } = context;
    const { username = '', password = '' } = options;
    if (password !== '') {
      stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
      if (options['password-stdin']) {
        throw new CliError('conflicting options: cannot specify both --password and --password-stdin');
      }
    }
    if (options['password-stdin'] && username === '') {
      throw new CliError('the --password-stdin option requires --username to be set');
    }
    const given = options['password-stdin'] ? await readPassword(context) : password;
    const credentials = await complete(context, server, { username: username.trim(), password: given });
    using registry = connectRegistry(context);
    await registry.client.login({ server, credentials }, { signal });
    const path = join(resolvePaths(env).serviceDir('registry-gateway'), 'credentials.json');
    stderr.write(`\nWARNING! Your credentials are stored unencrypted in '${path}'.\n\n`);
    stdout.write('Login Succeeded\n');
    return 0;
  },
});

async function readPassword({ stdin }: CommandContext): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** Asks for what is missing. */
async function complete(context: CommandContext, server: string, given: User): Promise<User> {
  if (given.username !== '' && given.password !== '') return given;
  await using prompt = createPrompt(context);
  const isHub = server === '' || server === 'docker.io';
  if (given.username === '' && isHub) context.stdout.write(HUB_HINT);
  const username = given.username || (await prompt.ask('Username: ')).trim();
  if (username === '') throw new CliError('Error: Non-null Username Required');
  const password = given.password || (await prompt.askSecret('Password: '));
  if (password === '') throw new CliError('Error: Password Required');
  return { username, password };
}
