import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { saveImages } from '../engine/save-images.ts';
import { writeAll } from '../write-all.ts';
import { writeFileWhole } from '../write-file-whole.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { atLeast: 1 },
  options: {
    output: { kind: 'string', short: 'o', help: 'Write to a file, instead of STDOUT' },
    platform: {
      kind: 'string',
      help: 'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  },
  async run(context, { options, args: names }) {
    const { signal, cwd, terminal, stdout } = context;
    if (options.output === undefined && terminal.stdout) {
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    using images = connectImages(context);
    const parts = saveImages(images, { names: [...names], platform: options.platform ?? '' }, signal);
    if (options.output !== undefined) {
      await writeFileWhole(resolve(cwd, options.output), parts, 'save image');
    } else {
      for await (const { data } of parts) await writeAll(stdout, data, signal);
    }
    return 0;
  },
});
