import { isBerthError } from '@berth/errors';
import { parseReference } from '@berth/oci';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';

export const command = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: { exactly: 2 },
  options: {},
  async run(context, { args: [name = '', target = ''] }) {
    for (const text of [name, target]) checkReference(text);
    using images = connectImages(context);
    await images.client.tagImage({ name, target }, { signal: context.signal });
    return 0;
  },
});

/** Refuses what can be no name of an image; an id is one. */
function checkReference(text: string): void {
  try {
    if (!/^(sha256:)?[0-9a-f]{64}$/.test(text)) parseReference(text);
  } catch (error) {
    if (!isBerthError(error)) throw error;
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(text)} is not a valid repository/tag: ${error.message}`,
    );
  }
}
