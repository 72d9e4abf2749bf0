import { isBerthError } from '@berth/errors';
import type { CopyToContainerRequest, PathStat } from '@berth/proto/container';
import { lstat, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { absolute, parseCopyArgument, type CopyArgument } from '../copy/copy-argument.ts';
import { placeCopy, splitPath, type CopySide, type Placement } from '../copy/place.ts';
import type { NewTop, TarBytes } from '../copy/tar-streams.ts';
import { connectContainers, type Containers } from '../engine/containers.ts';
import { formatSize } from '../format/human-size.ts';
import { writeAll } from '../write-all.ts';

const OPTIONS = {
  archive: { kind: 'flag', short: 'a', help: 'Archive mode (copy all uid/gid information)' },
  'follow-link': { kind: 'flag', short: 'L', help: 'Always follow symbol link in SRC_PATH' },
  quiet: {
    kind: 'flag',
    short: 'q',
    help: 'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
  },
} as const;

interface Copy {
  readonly context: CommandContext;
  readonly containers: Containers;
  readonly keepOwner: boolean;
  readonly followLink: boolean;
}

type InContainer = Extract<CopyArgument, { kind: 'container' }>;

const TYPE_MASK = 0o170000;
const DIRECTORY = 0o040000;

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tberth cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  args: { exactly: 2 },
  options: OPTIONS,
  async run(context, { options, args: [from = '', to = ''] }) {
    if (from === '') throw new CliError('source can not be empty');
    if (to === '') throw new CliError('destination can not be empty');
    using containers = connectContainers(context);
    const copy = { context, containers, keepOwner: options.archive, followLink: options['follow-link'] };
    const bytes = await copyBetween(copy, parseCopyArgument(from), parseCopyArgument(to));
    if (bytes !== null && !options.quiet && context.terminal.stderr) {
      context.stderr.write(`Successfully copied ${formatSize(bytes)} to ${to}\n`);
    }
    return 0;
  },
});

/** Copies, and gives the size of the archive that went; null when it is the output itself. */
async function copyBetween(copy: Copy, from: CopyArgument, to: CopyArgument): Promise<number | null> {
  if (from.kind === 'container' && to.kind === 'stream') return writeOut(copy, from);
  if (from.kind === 'container' && to.kind === 'local') return copyOut(copy, from, to.path);
  if (from.kind === 'container' && to.kind === 'container') return copyAcross(copy, from, to);
  if (from.kind === 'stream' && to.kind === 'container') return readIn(copy, to);
  if (from.kind === 'local' && to.kind === 'container') return copyIn(copy, from.path, to);
  throw new CliError('must specify at least one container source');
}

async function writeOut(copy: Copy, from: InContainer): Promise<null> {
  const { stdout, signal, terminal } = copy.context;
  if (terminal.stdout) throw new CliError('refusing to write an archive to a terminal: redirect or pipe it');
  const { archive } = await openArchive(copy, from);
  for await (const data of archive) await writeAll(stdout, data, signal);
  return null;
}

async function copyOut(copy: Copy, from: InContainer, path: string): Promise<number> {
  const { archive, side } = await openArchive(copy, from);
  const target = await localSide(absolute(copy.context.cwd, path));
  const place = placeCopy(side, target);
  await checkLocalTop(place, side);
  const { unpackLocal } = await import('../copy/tar-streams.ts');
  const counted = count(archive);
  try {
    await unpackLocal(counted.archive, { dir: place.directory, top: newTop(place, side), keepOwner: copy.keepOwner });
  } catch (error) {
    throw explainUnpacking(error);
  }
  return counted.bytes();
}

async function copyAcross(copy: Copy, from: InContainer, to: InContainer): Promise<number> {
  const { archive, side } = await openArchive(copy, from);
  const place = placeCopy(side, await containerSide(copy, to));
  const { renameTop } = await import('../copy/tar-streams.ts');
  const top = newTop(place, side);
  return send(copy, to.container, place, top === null ? archive : renameTop(archive, top));
}

async function readIn(copy: Copy, to: InContainer): Promise<number> {
  const target = await containerSide(copy, to);
  if (!target.isDirectory) throw new CliError(`destination "${to.container}:${to.path}" must be a directory`);
  return send(copy, to.container, { directory: target.path, newName: null }, copy.context.stdin);
}

async function copyIn(copy: Copy, path: string, to: InContainer): Promise<number> {
  const given = absolute(copy.context.cwd, path);
  const source = await (copy.followLink ? stat(given) : lstat(given));
  const side = { path: given, exists: true, isDirectory: source.isDirectory() };
  const place = placeCopy(side, await containerSide(copy, to));
  const real = copy.followLink ? await realpath(given) : given;
  const { directory, name } = splitPath(real);
  const { packLocal } = await import('../copy/tar-streams.ts');
  const top = place.newName ?? splitPath(given).name;
  return send(copy, to.container, place, packLocal(directory, name || '.', top || '.'));
}

/** What lies at a path of a container, and the archive of it. Throws when there is nothing. */
async function openArchive(
  { containers, context, followLink }: Copy,
  { container, path }: InContainer,
): Promise<{ archive: TarBytes; side: CopySide }> {
  // Asked for by its name, so that all archives have it at their top; only the root has none.
  const request = { container, path: path.replace(/(?<!^)(\/\.?)+$/, '').replace(/^\/\.$/, '/'), followLink };
  const parts = containers.calls.copyFromContainer(request, { signal: context.signal });
  const iterator = parts[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'stat') throw new CliError('the engine sent no description of the source');
  async function* archive(): AsyncGenerator<Uint8Array> {
    for await (const { part } of { [Symbol.asyncIterator]: () => iterator }) {
      if (part?.$case === 'data') yield part.value;
    }
  }
  return { archive: archive(), side: { path, exists: true, isDirectory: isDirectory(part.value) } };
}

/** What the archive library says is about the archive; the rest comes from the engine or the file system. */
function explainUnpacking(error: unknown): unknown {
  const isPlain = error instanceof Error && error.name === 'Error' && !('code' in error) && !isBerthError(error);
  return isPlain ? new CliError(`cannot unpack the copy: ${error.message}`) : error;
}

/** What the top of a container's archive gets for a name; null for what it has. */
function newTop({ newName }: Placement, { path }: CopySide): NewTop | null {
  return newName === null ? null : { name: newName, replaces: splitPath(path).name !== '' };
}

/** A link at the end of the destination stands for what it points to. */
async function containerSide(copy: Copy, { container, path }: InContainer): Promise<CopySide> {
  const found = await statPath(copy, container, path);
  if (found === null) return { path, exists: false, isDirectory: false };
  if (found.linkTarget === '') return { path, exists: true, isDirectory: isDirectory(found) };
  const linked = posix.resolve(splitPath(path).directory, found.linkTarget);
  const target = await statPath(copy, container, linked);
  return { path: linked, exists: target !== null, isDirectory: target !== null && isDirectory(target) };
}

async function statPath({ containers, context }: Copy, container: string, path: string): Promise<PathStat | null> {
  try {
    const request = { container, path, followLink: false };
    return (await containers.calls.statContainerPath(request, { signal: context.signal })).stat ?? null;
  } catch (error) {
    if (isBerthError(error, 'PATH_NOT_FOUND')) return null;
    throw error;
  }
}

/** A destination of ours; what it links to counts. Throws when the directory that it would be in is not there. */
async function localSide(path: string): Promise<CopySide> {
  const found = await stat(path).catch(() => null);
  if (found !== null) return { path: await realpath(path), exists: true, isDirectory: found.isDirectory() };
  const parent = splitPath(path).directory;
  if (!(await stat(parent)).isDirectory()) throw new CliError('not a directory');
  return { path, exists: false, isDirectory: false };
}

/** A directory never takes the place of something else, nor the other way round. */
async function checkLocalTop({ directory, newName }: Placement, source: CopySide): Promise<void> {
  if (newName === '.') return;
  const name = newName ?? splitPath(source.path).name;
  const path = join(directory, name);
  const found = await lstat(path).catch(() => null);
  if (found === null || found.isDirectory() === source.isDirectory) return;
  const [there, here] = source.isDirectory ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
  throw new CliError(`cannot overwrite ${there} ${JSON.stringify(path)} with ${here} ${JSON.stringify(name)}`);
}

async function send(
  { containers, context, keepOwner }: Copy,
  container: string,
  { directory }: Placement,
  archive: TarBytes,
): Promise<number> {
  const counted = count(archive);
  async function* requests(): AsyncGenerator<CopyToContainerRequest> {
    yield { part: { $case: 'start', value: { container, path: directory, noOverwriteDirectory: true, keepOwner } } };
    for await (const data of counted.archive) yield { part: { $case: 'data', value: data as Buffer } };
  }
  await containers.calls.copyToContainer(requests(), { signal: context.signal });
  return counted.bytes();
}

function isDirectory({ mode }: PathStat): boolean {
  return (mode & TYPE_MASK) === DIRECTORY;
}

function count(source: TarBytes): { archive: TarBytes; bytes: () => number } {
  let bytes = 0;
  async function* counting(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { archive: counting(), bytes: () => bytes };
}
