import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { applyChanges } from '../image/config-changes.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  args: { between: [1, 2] },
  options: {
    author: { kind: 'string', short: 'a', help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' },
    change: { kind: 'list', short: 'c', help: 'Apply Dockerfile instruction to the created image' },
    message: { kind: 'string', short: 'm', help: 'Commit message' },
    pause: { kind: 'flag', short: 'p', initially: true, help: 'Pause container during commit' },
    squash: { kind: 'flag', help: 'Make one layer of all, also of those of the image' },
  },
  async run(context, { options, args: [container = '', reference = ''] }) {
    const request = {
      container,
      reference,
      config: Buffer.from(JSON.stringify(applyChanges(options.change))),
      author: options.author ?? '',
      message: options.message ?? '',
      squash: options.squash,
      noPause: !options.pause,
    };
    using containers = connectContainers(context);
    const { imageId } = await containers.client.commitContainer(request, { signal: context.signal });
    context.stdout.write(`${imageId}\n`);
    return 0;
  },
});
