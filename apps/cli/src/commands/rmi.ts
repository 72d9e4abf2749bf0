import { isBerthError } from '@berth/errors';
import { familiarReference, parseReference } from '@berth/oci';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { atLeast: 1 },
  options: {
    force: { kind: 'flag', short: 'f', help: 'Force removal of the image' },
    'no-prune': { kind: 'flag', help: 'Do not delete untagged parents' },
    platform: {
      kind: 'strings',
      help: 'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  },
  async run(context, { options: { force, 'no-prune': noPrune, platform: platforms }, args }) {
    const failures: string[] = [];
    // image-service does not know which containers run, and their files must stay.
    const runningContainerIds = await listRunning(context);
    using images = connectImages(context);
    for (const name of args) {
      try {
        const removed = await images.client.deleteImage(
          { name, force, runningContainerIds, noPrune, platforms },
          { signal: context.signal },
        );
        for (const reference of removed.untagged) context.stdout.write(`Untagged: ${familiar(reference)}\n`);
        for (const digest of removed.deleted) context.stdout.write(`Deleted: ${digest}\n`);
      } catch (error) {
        const { message } = describeError(error);
        if (force && isBerthError(error, 'IMAGE_NOT_FOUND')) context.stderr.write(`${message}\n`);
        else failures.push(message);
      }
    }
    if (failures.length > 0) throw new CliError(failures.join('\n'));
    return 0;
  },
});

async function listRunning(context: CommandContext): Promise<string[]> {
  using client = connectContainers(context);
  const { containers } = await client.client.listContainers({ all: false }, { signal: context.signal });
  return containers.map(({ id }) => id);
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference));
}
