import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { findImage } from '../inspect/find-objects.ts';
import { runInspect } from '../inspect/run-inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: { atLeast: 1 },
  options: {
    format: { kind: 'string', short: 'f', help: FORMAT_HELP.object },
    platform: {
      kind: 'string',
      help: [
        'Inspect a specific platform of the multi-platform image.',
        'If the image or the server is not multi-platform capable, the command will error out if the platform does not match.',
        "'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
      ].join('\n'),
    },
  },
  async run(context, { options, args }) {
    using images = connectImages(context);
    return await runInspect(context, args, options.format, findImage(images, options.platform));
  },
});
