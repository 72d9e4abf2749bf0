import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { attachContainer } from '../container/attach-container.ts';
import { getContainer } from '../container/get-container.ts';
import { requireTerminal } from '../container/require-terminal.ts';
import type { CommandContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers, type Containers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {
    attach: { kind: 'flag', short: 'a', help: 'Attach STDOUT/STDERR and forward signals' },
    'detach-keys': { kind: 'string', help: 'Override the key sequence for detaching a container' },
    interactive: { kind: 'flag', short: 'i', help: "Attach container's STDIN" },
  },
  async run(context, { options, args }) {
    using containers = connectContainers(context);
    if (!options.attach && !options.interactive) return await startAll(context, containers, args);
    const [name = '', ...others] = args;
    if (others.length > 0) throw new CliError('you cannot start and attach multiple containers at once');
    const container = await getContainer(containers, name);
    requireTerminal(context, options.interactive && container.config?.terminal === true);
    const end = await attachContainer(context, containers, container, {
      start: true,
      stdin: options.interactive,
      forwardSignals: true,
      detachKeys: options['detach-keys'],
    });
    return end.kind === 'exited' ? end.exitCode : 0;
  },
});

/** Unlike other commands on several containers, docker says at once what went wrong, and names the failed ones at the end. */
async function startAll(context: CommandContext, { client }: Containers, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const container of names) {
    try {
      await client.startContainer({ container }, { signal: context.signal });
      context.stdout.write(`${container}\n`);
    } catch (error) {
      context.stderr.write(`${describeError(error).message}\n`);
      failed.push(container);
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}
