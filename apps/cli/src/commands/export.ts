import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { writeAll } from '../write-all.ts';
import { writeFileWhole } from '../write-file-whole.ts';

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
    const parts = containers.client.exportContainer({ container }, { signal });
    if (options.output !== undefined) {
      await writeFileWhole(resolve(cwd, options.output), parts, 'export container');
    } else {
      for await (const { data } of parts) await writeAll(stdout, data, signal);
    }
    return 0;
  },
});
