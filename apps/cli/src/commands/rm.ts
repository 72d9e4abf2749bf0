import { isBerthError } from '@berth/errors';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {
    force: { kind: 'flag', short: 'f', help: 'Force the removal of a running container (uses SIGKILL)' },
    volumes: { kind: 'flag', short: 'v', help: 'Remove anonymous volumes associated with the container' },
  },
  async run(context, { options, args }) {
    const { force, volumes } = options;
    const failures: string[] = [];
    using containers = connectContainers(context);
    for (const name of args) {
      const container = name.replace(/^\/+/, '');
      try {
        await containers.client.deleteContainer({ container, force, volumes }, { signal: context.signal });
        context.stdout.write(`${name}\n`);
      } catch (error) {
        const { message } = describeError(error);
        // What is not there is as wanted, but the user may have mistyped it.
        if (force && isBerthError(error, 'CONTAINER_NOT_FOUND')) context.stderr.write(`${message}\n`);
        else failures.push(message);
      }
    }
    if (failures.length > 0) throw new CliError(failures.join('\n'));
    return 0;
  },
});
