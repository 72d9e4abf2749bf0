import { formatReference, parseReference, withDefaultTag } from '@berth/oci';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { pullAllTags, pullImage } from '../pull/pull-image.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  args: { exactly: 1 },
  options: {
    'all-tags': { kind: 'flag', short: 'a', help: 'Download all tagged images in the repository' },
    platform: { kind: 'string', help: 'Set platform if server is multi-platform capable' },
    quiet: { kind: 'flag', short: 'q', help: 'Suppress verbose output' },
  },
  async run(context, { options, args: [name = ''] }) {
    const { stdout, terminal } = context;
    const allTags = options['all-tags'];
    const given = parse(name);
    if (allTags && (given.tag !== null || given.digest !== null)) {
      throw new CliError("tag can't be used with --all-tags/-a");
    }
    const reference = allTags ? given : withDefaultTag(given);
    if (reference !== given && !options.quiet) stdout.write(`Using default tag: ${reference.tag}\n`);
    const pull = allTags ? pullAllTags : pullImage;
    await pull(context, name, {
      platform: options.platform ?? '',
      quiet: options.quiet,
      out: stdout,
      isTerminal: terminal.stdout,
    });
    stdout.write(`${formatReference(reference)}\n`);
    return 0;
  },
});

/** A reference that cannot be parsed never reaches the engine, so the text is ours. */
function parse(name: string) {
  try {
    return parseReference(name);
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}
