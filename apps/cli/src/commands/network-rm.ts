import { isBerthError } from '@berth/errors';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: 'NETWORK [NETWORK...]',
  args: { atLeast: 1 },
  options: {
    force: { kind: 'flag', short: 'f', help: 'Do not error if the network does not exist' },
  },
  async run(context, { options: { force }, args }) {
    using containers = connectContainers(context);
    const failures: string[] = [];
    for (const network of args) {
      try {
        await containers.client.deleteNetwork({ network }, { signal: context.signal });
        context.stdout.write(`${network}\n`);
      } catch (error) {
        // One that is not there is passed over in silence, as in Docker: it is not named either.
        if (!(force && isBerthError(error, 'NETWORK_NOT_FOUND'))) failures.push(describeError(error).message);
      }
    }
    if (failures.length > 0) throw new CliError(failures.join('\n'));
    return 0;
  },
});
