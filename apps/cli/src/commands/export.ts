import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { writeAll } from '../write-all.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  args: { exactly: 1 },
  options: { output: { kind: 'string', short: 'o', help: 'Write to a file, instead of STDOUT' } },
  async run(context, { options, args: [container = ''] }) {
    const { signal, cwd, terminal, stdout } = context;
    if (options.output === undefined && terminal.stdout) {
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    using containers = connectContainers(context);
    const parts = containers.calls.exportContainer({ container }, { signal });
    if (options.output !== undefined) {
      await writeFileWhole(resolve(cwd, options.output), parts);
    } else {
      for await (const { data } of parts) await writeAll(stdout, data, signal);
    }
    return 0;
  },
});

/** Writes beside the file and puts that in its place when all is there: a failure leaves what was. */
async function writeFileWhole(path: string, parts: AsyncIterable<{ readonly data: Uint8Array }>): Promise<void> {
  const directory = await stat(dirname(path)).catch(() => null);
  if (directory === null) {
    throw new CliError(
      `failed to export container: invalid output path: directory ${JSON.stringify(dirname(path))} does not exist`,
    );
  }
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
  try {
    for await (const { data } of parts) await writeAll(file, data);
    file.end();
    await finished(file);
    await rename(temporary, path);
  } catch (error) {
    file.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}
