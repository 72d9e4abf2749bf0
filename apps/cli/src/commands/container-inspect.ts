import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { findContainer } from '../inspect/find-objects.ts';
import { runInspect } from '../inspect/run-inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {
    format: { kind: 'string', short: 'f', help: FORMAT_HELP.object },
    size: { kind: 'flag', short: 's', help: 'Display total file sizes' },
  },
  async run(context, { options, args }) {
    using containers = connectContainers(context);
    return await runInspect(context, args, options.format, findContainer(containers, options.size));
  },
});
