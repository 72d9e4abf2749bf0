import { BerthError } from '@berth/errors';
import { familiarReference, formatReference, parseReference, withDefaultTag, type Reference } from '@berth/oci';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { createDisplay } from '../progress/progress-display.ts';
import { narratePush } from '../push/push-lines.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NAME[:TAG]',
  args: { exactly: 1 },
  options: {
    'all-tags': { kind: 'flag', short: 'a', help: 'Push all tags of an image to the repository' },
    platform: { kind: 'string', help: 'Push a platform-specific manifest as a single-platform image to the registry' },
    quiet: { kind: 'flag', short: 'q', help: 'Suppress verbose output' },
  },
  async run(context, { options, args: [name = ''] }) {
    const { stdout, terminal, signal } = context;
    const allTags = options['all-tags'];
    const given = parse(name);
    if (allTags && (given.tag !== null || given.digest !== null)) {
      throw new CliError("tag can't be used with --all-tags/-a");
    }
    const reference = allTags ? given : withDefaultTag(given);
    if (reference !== given && !options.quiet) stdout.write(`Using default tag: ${reference.tag}\n`);
    using images = connectImages(context);
    const display = createDisplay(context, stdout, terminal.stdout);
    const request = { reference: familiarReference(reference), allTags, platform: options.platform ?? '' };
    let hasStarted = false;
    try {
      for await (const response of images.client.pushImage(request, { signal })) {
        hasStarted = true;
        if (!options.quiet) narratePush(response).forEach(display);
      }
    } catch (error) {
      // Docker tells what fails in the course of a push as it is.
      throw hasStarted && error instanceof BerthError ? new CliError(error.message) : error;
    }
    if (options.quiet) stdout.write(`${formatReference(reference)}\n`);
    return 0;
  },
});

/** A reference that cannot be parsed never reaches the engine, so the text is ours. */
function parse(name: string): Reference {
  try {
    return parseReference(name);
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}
