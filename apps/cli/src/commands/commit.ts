import { defineCommand } from '../command.ts';
import { connectContainers, type Containers } from '../engine/containers.ts';
import { applyChanges, type ImageDefaults } from '../image/config-changes.ts';
import { getContainer } from '../container/get-container.ts';

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
    using containers = connectContainers(context);
    const changes = await readChanges(containers, container, options.change);
    const request = {
      container,
      reference,
      config: Buffer.from(JSON.stringify(changes)),
      author: options.author ?? '',
      message: options.message ?? '',
      squash: options.squash,
      noPause: !options.pause,
    };
    const { imageId } = await containers.client.commitContainer(request, { signal: context.signal });
    context.stdout.write(`${imageId}\n`);
    return 0;
  },
});

/** The instructions go by what the container has: `ENV PATH=/opt:$PATH`. */
async function readChanges(containers: Containers, name: string, changes: readonly string[]): Promise<ImageDefaults> {
  if (changes.length === 0) return {};
  const { environment, workingDirectory } = await getContainer(containers, name);
  return applyChanges(changes, { Env: environment.filter((pair) => pair.includes('=')), WorkingDir: workingDirectory });
}
