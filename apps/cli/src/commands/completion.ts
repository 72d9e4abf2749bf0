import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { SCRIPTS } from '../complete/scripts.ts';

export const command = defineCommand({
  usage: 'SHELL',
  args: { exactly: 1 },
  options: {},
  run({ stdout }, { args: [shell = ''] }) {
    const script = SCRIPTS.get(shell);
    if (script === undefined)
      throw new CliError(`no completion for ${shell}: there is one for ${[...SCRIPTS.keys()].join(', ')}`);
    stdout.write(script);
    return Promise.resolve(0);
  },
});
