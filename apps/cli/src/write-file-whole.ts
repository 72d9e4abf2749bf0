import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { CliError } from './cli-error.ts';
import { writeAll } from './write-all.ts';

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
  const file = createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
  try {
    for await (const { data } of parts) await writeAll(file, data);
    file.end();
    await finished(file);
    await rename(temporary, path);
  } catch (error) {
    file.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}
