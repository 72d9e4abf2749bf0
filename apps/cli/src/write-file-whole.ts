import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './cli-error.ts';

/**
 * Writes beside the file and puts that in its place when all is there: a failure leaves what was. `what` says in an error what was wanted:
 * `save image`.
 */
export async function writeFileWhole(
  path: string,
  parts: AsyncIterable<{ readonly data: Uint8Array }>,
  what: string,
): Promise<void> {
  const directory = await stat(dirname(path)).catch(() => null);
  if (directory === null) {
    throw new CliError(
      `failed to ${what}: invalid output path: directory ${JSON.stringify(dirname(path))} does not exist`,
    );
  }
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeParts(temporary, parts);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeParts(path: string, parts: AsyncIterable<{ readonly data: Uint8Array }>): Promise<void> {
  // Each part is written before the next one is asked for: a stream would have some under way, and an error of its own, when one fails.
  await using file = await open(path, 'wx', 0o600);
  for await (const { data } of parts) await writeFile(file, data);
}
