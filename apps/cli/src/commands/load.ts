import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { familiarReference, parseReference } from '@berth/oci';
import type { LoadImagesRequest } from '@berth/proto/image';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectImages } from '../engine/images.ts';

const CHUNK_BYTES = 256 * 1024;

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    input: { kind: 'string', short: 'i', help: 'Read from tar archive file, instead of STDIN' },
    quiet: { kind: 'flag', short: 'q', help: 'Suppress the load output' },
  },
  // Like docker's, it always says what was loaded; there is no progress to suppress.
  async run(context, { options }) {
    const archive = await openArchive(context, options.input);
    async function* requests(): AsyncGenerator<LoadImagesRequest> {
      for await (const data of archive) yield { data: data as Buffer };
    }
    using images = connectImages(context);
    const responses = images.calls.loadImages(requests(), { signal: context.signal });
    for await (const { image, references } of responses) {
      const names = references.map((reference) => `Loaded image: ${familiarReference(parseReference(reference))}\n`);
      context.stdout.write(names.length > 0 ? names.join('') : `Loaded image ID: ${image?.id ?? ''}\n`);
    }
    return 0;
  },
});

async function openArchive(context: CommandContext, input: string | undefined): Promise<Readable> {
  if (input === undefined) {
    if (context.terminal.stdin) throw new CliError('requested load from stdin, but stdin is empty');
    return context.stdin;
  }
  // Opened here, so that a mistake shows before the engine is asked.
  const file = await open(resolve(context.cwd, input)).catch((error: NodeJS.ErrnoException) => {
    error.path = input;
    throw error;
  });
  return createReadStream('', { fd: file, highWaterMark: CHUNK_BYTES });
}
