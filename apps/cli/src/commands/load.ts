import { realpath, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isBerthError } from '@berth/errors';
import { familiarReference, parseReference } from '@berth/oci';
import type { LoadImagesRequest, LoadImagesResponse } from '@berth/proto/image';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectImages, type Images } from '../engine/images.ts';
import { openFile } from '../image/open-archive.ts';

const CHUNK_BYTES = 256 * 1024;

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    input: { kind: 'string', short: 'i', help: 'Read from tar archive file, instead of STDIN' },
    platform: {
      kind: 'string',
      help: 'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    quiet: { kind: 'flag', short: 'q', help: 'Suppress the load output' },
  },
  // Like docker's, it always says what was loaded; there is no progress to suppress.
  async run(context, { options }) {
    const { input, platform = '' } = options;
    const responses = input === undefined ? loadStdin(context, platform) : loadFile(context, input, platform);
    for await (const { image, references } of responses) {
      const names = references.map((reference) => `Loaded image: ${familiarReference(parseReference(reference))}\n`);
      context.stdout.write(names.length > 0 ? names.join('') : `Loaded image ID: ${image?.id ?? ''}\n`);
    }
    return 0;
  },
});

async function* loadStdin(context: CommandContext, platform: string): AsyncGenerator<LoadImagesResponse> {
  if (context.terminal.stdin) throw new CliError('requested load from stdin, but stdin is empty');
  using images = connectImages(context);
  yield* images.client.loadImages(requestsOf(context.stdin, platform), { signal: context.signal });
}

/** An engine that sees the file reads it itself: bytes that are sent cost ten times as much. */
async function* loadFile(context: CommandContext, input: string, platform: string): AsyncGenerator<LoadImagesResponse> {
  const { signal } = context;
  const path = resolve(context.cwd, input);
  await using file = await openFile(path, input);
  using images = connectImages(context);
  try {
    return yield* loadByPath(images, { file, path, platform, signal });
  } catch (error) {
    if (!isBerthError(error, 'FILE_NOT_SEEN')) throw error;
  }
  const data = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
  yield* images.client.loadImages(requestsOf(data, platform), { signal });
}

async function* loadByPath(
  images: Images,
  { file, path, platform, signal }: { file: FileHandle; path: string; platform: string; signal: AbortSignal },
): AsyncGenerator<LoadImagesResponse> {
  const { dev, ino } = await file.stat({ bigint: true });
  // What has no path, a pipe for instance, has no real one either.
  const realPath = await realpath(path).catch(() => path);
  const request = { file: { path: realPath, device: dev, inode: ino }, platform };
  yield* images.client.loadImages(only(request), { signal });
}

type PartialRequest = Partial<LoadImagesRequest>;

async function* requestsOf(archive: AsyncIterable<unknown>, platform: string): AsyncGenerator<PartialRequest> {
  if (platform !== '') yield { platform };
  for await (const data of archive) yield { data: data as Buffer };
}

async function* only(request: PartialRequest): AsyncGenerator<PartialRequest> {
  yield await Promise.resolve(request);
}
