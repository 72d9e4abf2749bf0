import type { Writable } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { connectImages } from '../engine/images.ts';
import { createPlainDisplay, createTerminalDisplay } from './pull-display.ts';
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
  const columns = () => context.terminal.size()?.columns ?? 0;
  const display = options.isTerminal ? createTerminalDisplay(options.out, columns) : createPlainDisplay(options.out);
  const responses = images.calls.pullImage({ reference, platform: options.platform }, { signal: context.signal });
  for await (const response of responses) {
    if (options.quiet) continue;
    for (const line of narrate(response)) display(line);
  }
}
