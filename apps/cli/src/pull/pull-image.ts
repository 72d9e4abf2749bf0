import type { Writable } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { connectImages } from '../engine/images.ts';
import { createDisplay } from '../progress/progress-display.ts';
import { createPullNarrator } from './pull-lines.ts';

export interface PullOptions {
  platform: string;
  quiet: boolean;
  /** Where progress goes, and whether that is a terminal. */
  out: Writable;
  isTerminal: boolean;
}

/** Pulls an image and shows how. */
export async function pullImage(context: CommandContext, reference: string, options: PullOptions): Promise<void> {
  const narrate = createPullNarrator(reference);
  using images = connectImages(context);
  const display = createDisplay(context, options.out, options.isTerminal);
  const responses = images.calls.pullImage({ reference, platform: options.platform }, { signal: context.signal });
  for await (const response of responses) {
    if (options.quiet) continue;
    for (const line of narrate(response)) display(line);
  }
}
