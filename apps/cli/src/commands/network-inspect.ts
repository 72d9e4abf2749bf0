import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { findNetwork } from '../inspect/find-objects.ts';
import { runInspect } from '../inspect/run-inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  args: { atLeast: 1 },
  options: {
    format: { kind: 'string', short: 'f', help: FORMAT_HELP.object },
    verbose: { kind: 'flag', short: 'v', help: 'Verbose output for diagnostics' },
  },
  async run(context, { options, args }) {
    using containers = connectContainers(context);
    return await runInspect(context, args, options.format, findNetwork(containers));
  },
});
