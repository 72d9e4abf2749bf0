import { open, type FileHandle } from 'node:fs/promises';
import type { SaveImagesResponse } from '@berth/proto/image';
import { CliError } from '../cli-error.ts';
import type { Images } from './images.ts';

/** As much as the file's page cache gives in one call without a pause that a reader would see. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Saves images, as a tar. What the engine has in files is read there, by who may; another client, one in a container for instance, is sent
 * it. The bytes of a part are valid until the next one is asked for.
 */
export async function* saveImages(
  images: Images,
  request: { readonly names: string[]; readonly platform: string },
  signal: AbortSignal,
): AsyncGenerator<{ readonly data: Uint8Array }> {
  // What comes before the first file is kept until that file is open: then nothing was given out that would come again.
  const held: SaveImagesResponse[] = [];
  let reads = false;
  for await (const part of images.client.saveImages({ ...request, acceptsFiles: true }, { signal })) {
    if (part.file === undefined) {
      if (reads) yield part;
      else held.push(part);
      continue;
    }
    const file = await open(part.file.path).catch(() => null);
    if (file === null && !reads) return yield* images.client.saveImages(request, { signal });
    reads = true;
    yield* held.splice(0);
    yield* readFile(file, part.file.path, Number(part.file.sizeBytes));
  }
  yield* held;
}

async function* readFile(
  opened: FileHandle | null,
  path: string,
  sizeBytes: number,
): AsyncGenerator<{ readonly data: Uint8Array }> {
  if (opened === null) throw new CliError(`cannot read ${path}, which was just there: save again`);
  await using file = opened;
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes));
  for (let left = sizeBytes; left > 0;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, left));
    if (bytesRead === 0) throw new CliError(`${path} is shorter than it was: save again`);
    left -= bytesRead;
    yield { data: buffer.subarray(0, bytesRead) };
  }
}
