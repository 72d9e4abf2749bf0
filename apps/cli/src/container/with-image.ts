import { isBerthError } from '@berth/errors';
import { familiarReference, parseReference, withDefaultTag } from '@berth/oci';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

/** What `--pull`, `--platform` and `--quiet` say. */
export interface ImageOptions {
  pull: string | undefined;
  platform: string | undefined;
  quiet: boolean;
}

/** Does what needs an image. When the image is missing, or always if asked so, it is pulled, with the progress on stderr. */
export async function withImage<T>(
  context: CommandContext,
  image: string,
  ...[options, act]: [ImageOptions, () => Promise<T>]
): Promise<T> {
  expectImageName(image);
  const policy = options.pull || 'missing';
  if (policy === 'always') await pull(context, image, options);
  try {
    if (options.platform && policy !== 'always') await expectPlatform(context, image, options.platform);
    return await act();
  } catch (error) {
    if (policy !== 'missing' || !isBerthError(error, 'IMAGE_NOT_FOUND', 'PLATFORM_NOT_FOUND')) throw error;
    const reference = withDefaultTag(parseReference(image));
    if (!options.quiet) context.stderr.write(`Unable to find image '${familiarReference(reference)}' locally\n`);
    await pull(context, image, options);
    return act();
  }
}

/** Refuses what can be no name of an image, as Docker's client does; an id is one. */
function expectImageName(image: string): void {
  try {
    if (!/^[0-9a-f]{64}$/.test(image)) parseReference(image);
  } catch (error) {
    throw isBerthError(error) ? new CliError(error.message, 125) : error;
  }
}

/** An image for another platform counts as one that is not there. */
async function expectPlatform(context: CommandContext, name: string, platform: string): Promise<void> {
  const { connectImages } = await import('../engine/images.ts');
  using images = connectImages(context);
  await images.client.getImage({ name, platform }, { signal: context.signal });
}

/** Refuses another policy than the three, before anything is done. */
export function checkPullPolicy(policy: string | undefined): void {
  if (policy && !['always', 'missing', 'never'].includes(policy)) {
    throw new CliError(`invalid pull option: '${policy}': must be one of "always", "missing" or "never"`);
  }
}

async function pull(context: CommandContext, image: string, { platform, quiet }: ImageOptions): Promise<void> {
  const { pullImage } = await import('../pull/pull-image.ts');
  const { stderr, terminal } = context;
  await pullImage(context, image, { platform: platform ?? '', quiet, out: stderr, isTerminal: terminal.stderr });
}
