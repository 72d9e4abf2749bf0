import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { changesText } from '../format/changes-text.ts';
import { writeAll } from '../write-all.ts';

export const command = defineCommand({
  usage: 'IMAGE IMAGE',
  args: { exactly: 2 },
  options: {},
  async run(context, { args: [from = '', to = ''] }) {
    using images = connectImages(context);
    for await (const { changes } of images.client.diffImages({ from, to }, { signal: context.signal })) {
      await writeAll(context.stdout, changesText(changes));
    }
    return 0;
  },
});
