import { defineCommand } from '../command.ts';
import { openCidfile } from '../container/cidfile.ts';
import { attachedStreams, containerConfig, CREATE_OPTIONS } from '../container/create-options.ts';
import { withImage } from '../container/with-image.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: { atLeast: 1 },
  interspersed: false,
  options: {
    ...CREATE_OPTIONS,
    pull: { ...CREATE_OPTIONS.pull, help: 'Pull image before creating ("always", "|missing", "never")' },
  },
  async run(context, { options, args }) {
    const config = containerConfig(context, options, args, attachedStreams(options));
    using cidfile = openCidfile(options.cidfile, context.cwd);
    using containers = connectContainers(context);
    const request = { name: options.name ?? '', config };
    const { id, warnings } = await withImage(context, config.image, options, () =>
      containers.client.createContainer(request, { signal: context.signal }),
    );
    cidfile.write(id);
    for (const warning of warnings) context.stderr.write(`WARNING: ${warning}\n`);
    context.stdout.write(`${id}\n`);
    return 0;
  },
});
