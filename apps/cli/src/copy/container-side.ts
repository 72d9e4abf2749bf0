import { isBerthError } from '@berth/errors';
import type { CopyToContainerRequest, PathStat } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import type { Containers } from '../engine/containers.ts';
import type { TarBytes } from './archive-name.ts';
import type { CopyArgument } from './copy-argument.ts';
import { assertsDirectory, splitPath, type CopySide } from './place.ts';

/** How to reach the files of containers. */
export interface ContainerCopy {
  readonly containers: Containers;
  readonly keepOwner: boolean;
  readonly followLink: boolean;
  readonly signal: AbortSignal;
}

/** A path of a container. */
export type InContainer = Extract<CopyArgument, { kind: 'container' }>;

const TYPE_MASK = 0o170000;
const DIRECTORY = 0o040000;

/** What lies at a path of a container, and the archive of it. Throws when there is nothing. */
export async function openArchive(
  { containers, signal, followLink }: ContainerCopy,
  { container, path }: InContainer,
): Promise<{ archive: TarBytes; side: CopySide }> {
  // Asked for by its name, so that all archives have it at their top; only the root has none.
  const plain = path.replace(/(?<!^)(\/\.?)+$/, '').replace(/^\/\.$/, '/');
  const request = { container, path: plain, followLink: followLink || assertsDirectory(path) };
  const parts = containers.client.copyFromContainer(request, { signal });
  const iterator = parts[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'stat') throw new CliError('the engine sent no description of the source');
  const side = { path, exists: true, isDirectory: isDirectory(part.value) };
  if (assertsDirectory(path) && !side.isDirectory) {
    await iterator.return?.();
    throw new CliError(`lstat ${path}: not a directory`);
  }
  async function* archive(): AsyncGenerator<Uint8Array> {
    for await (const { part } of { [Symbol.asyncIterator]: () => iterator }) {
      if (part?.$case === 'data') yield part.value;
    }
  }
  return { archive: archive(), side };
}

/** A link at the end of the destination stands for what it points to. */
export async function containerSide(copy: ContainerCopy, { container, path }: InContainer): Promise<CopySide> {
  const found = await statPath(copy, container, path);
  if (found === null) return { path, exists: false, isDirectory: false };
  if (found.linkTarget === '') return { path, exists: true, isDirectory: isDirectory(found) };
  const { directory } = splitPath(path);
  // Not made shorter: the directory may be a link itself, and then `..` is not what the path says.
  const linked = found.linkTarget.startsWith('/') ? found.linkTarget : `${directory}/${found.linkTarget}`;
  const target = await statPath(copy, container, linked);
  return { path: linked, exists: target !== null, isDirectory: target !== null && isDirectory(target) };
}

/** Unpacks an archive in a directory of a container. */
export async function sendArchive(
  { containers, signal, keepOwner }: ContainerCopy,
  { container, path }: Omit<InContainer, 'kind'>,
  archive: TarBytes,
): Promise<void> {
  async function* requests(): AsyncGenerator<CopyToContainerRequest> {
    yield { part: { $case: 'start', value: { container, path, noOverwriteDirectory: true, keepOwner } } };
    for await (const data of archive) yield { part: { $case: 'data', value: data as Buffer } };
  }
  await containers.client.copyToContainer(requests(), { signal });
}

async function statPath(
  { containers, signal }: ContainerCopy,
  container: string,
  path: string,
): Promise<PathStat | null> {
  try {
    return (await containers.client.statContainerPath({ container, path, followLink: false }, { signal })).stat ?? null;
  } catch (error) {
    if (isBerthError(error, 'PATH_NOT_FOUND')) return null;
    throw error;
  }
}

function isDirectory({ mode }: PathStat): boolean {
  return (mode & TYPE_MASK) === DIRECTORY;
}
