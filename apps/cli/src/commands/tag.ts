import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';

export const command = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: { exactly: 2 },
  options: {},
  async run(context, { args: [name = '', target = ''] }) {
    using images = connectImages(context);
    await images.client.tagImage({ name, target }, { signal: context.signal });
    return 0;
  },
});
