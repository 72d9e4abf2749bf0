import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImportImageRequest } from '@berth/proto/image';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectImages } from '../engine/images.ts';
import { applyChanges } from '../image/config-changes.ts';

const CHUNK_BYTES = 256 * 1024;

export const command = defineCommand({
  usage: '[OPTIONS] file|- [REPOSITORY[:TAG]]',
  args: { atLeast: 1 },
  options: {
    change: { kind: 'list', short: 'c', help: 'Apply Dockerfile instruction to the created image' },
    message: { kind: 'string', short: 'm', help: 'Set commit message for imported image' },
    platform: { kind: 'string', help: 'Set platform if server is multi-platform capable' },
  },
  async run(context, { options, args: [source = '', reference = ''] }) {
    const start = {
      reference,
      config: Buffer.from(JSON.stringify(applyChanges(options.change))),
      message: options.message ?? '',
      platform: options.platform ?? '',
    };
    const archive = await openArchive(context, source);
    async function* requests(): AsyncGenerator<ImportImageRequest> {
      yield { part: { $case: 'start', value: start } };
      for await (const data of archive) yield { part: { $case: 'data', value: data as Buffer } };
    }
    using images = connectImages(context);
    const { image } = await images.calls.importImage(requests(), { signal: context.signal });
    context.stdout.write(`${image?.id ?? ''}\n`);
    return 0;
  },
});

async function openArchive(context: CommandContext, source: string): Promise<Readable> {
  if (source === '-') return context.stdin;
  if (/^https?:\/\//.test(source)) {
    throw new CliError('import from a URL is not supported: fetch it first, or pipe it into `berth import -`');
  }
  const path = resolve(context.cwd, source);
  // Opened here, so that a mistake shows before the engine is asked.
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    error.path = source;
    throw error;
  });
  return createReadStream(path, { fd: file, highWaterMark: CHUNK_BYTES });
}
