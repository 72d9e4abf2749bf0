import type { Writable } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { formatReference, parseReference, repositoryOf, withDefaultTag, type Reference } from '@berth/oci';
import { connectImages, type Images } from '../engine/images.ts';
import { connectRegistry } from '../engine/registry.ts';
import { createDisplay, type ProgressDisplay } from '../progress/progress-display.ts';
import { createPullNarrator, pullStatus } from './pull-lines.ts';

export interface PullOptions {
  platform: string;
  quiet: boolean;
  /** Where progress goes, and whether that is a terminal. */
  out: Writable;
  isTerminal: boolean;
}

/** Pulls an image and shows how. */
export async function pullImage(context: CommandContext, name: string, options: PullOptions): Promise<void> {
  const reference = withDefaultTag(parseReference(name));
  using images = connectImages(context);
  const display = createDisplay(context, options.out, options.isTerminal);
  const upToDate = await pullOne(context, { images, reference, options, display });
  if (!options.quiet) display(pullStatus(reference, upToDate));
}

/** Pulls all tags of a repository, one after another, as Docker does. */
export async function pullAllTags(context: CommandContext, name: string, options: PullOptions): Promise<void> {
  const repository = parseReference(name);
  using images = connectImages(context);
  const display = createDisplay(context, options.out, options.isTerminal);
  let upToDate = true;
  for (const tag of await listTags(context, repository)) {
    const reference = { ...repository, tag };
    if (!(await pullOne(context, { images, reference, options, display }))) upToDate = false;
  }
  if (!options.quiet) display(pullStatus(repository, upToDate));
}

async function listTags(context: CommandContext, repository: Reference): Promise<string[]> {
  using registry = connectRegistry(context);
  const tags: string[] = [];
  const pages = registry.client.listTags({ repository: repositoryOf(repository) }, { signal: context.signal });
  for await (const page of pages) tags.push(...page.tags);
  return tags;
}

interface OnePull {
  readonly images: Images;
  readonly reference: Reference;
  readonly options: PullOptions;
  readonly display: ProgressDisplay;
}

/** True when it was there already. */
async function pullOne(context: CommandContext, { images, reference, options, display }: OnePull): Promise<boolean> {
  const narrate = createPullNarrator(reference);
  const request = { reference: formatReference(reference), platform: options.platform };
  let upToDate = false;
  for await (const response of images.client.pullImage(request, { signal: context.signal })) {
    if (response.event?.$case === 'done') upToDate = response.event.value.upToDate;
    if (!options.quiet) narrate(response).forEach(display);
  }
  return upToDate;
}
