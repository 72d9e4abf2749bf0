import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { writeAll } from '../write-all.ts';
import { writeFileWhole } from '../write-file-whole.ts';

export const command = defineCommand({
  usage: '[OPTIONS] VOLUME',
  args: { exactly: 1 },
  options: { output: { kind: 'string', short: 'o', help: 'Write to a file, instead of STDOUT' } },
  async run(context, { options, args: [name = ''] }) {
    const { signal, cwd, terminal, stdout } = context;
    if (options.output === undefined && terminal.stdout) {
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    using volumes = connectVolumes(context);
    const parts = volumes.client.exportVolume({ name }, { signal });
    if (options.output !== undefined) {
      await writeFileWhole(resolve(cwd, options.output), parts, 'export volume');
    } else {
      for await (const { data } of parts) await writeAll(stdout, data, signal);
    }
    return 0;
  },
});
