import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { findVolume } from '../inspect/find-objects.ts';
import { runInspect } from '../inspect/run-inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: { atLeast: 1 },
  options: { format: { kind: 'string', short: 'f', help: FORMAT_HELP.object } },
  async run(context, { options, args }) {
    using volumes = connectVolumes(context);
    return await runInspect(context, args, options.format, findVolume(volumes));
  },
});
