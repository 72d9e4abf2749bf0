import { isBerthError } from '@berth/errors';
import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { NewTop } from '../copy/archive-name.ts';
import {
  containerSide,
  openArchive,
  sendArchive,
  type ContainerCopy,
  type InContainer,
} from '../copy/container-side.ts';
import { absolute, parseCopyArgument, type CopyArgument } from '../copy/copy-argument.ts';
import { startCopyProgress, type CopyProgress } from '../copy/copy-progress.ts';
import { checkLocalTop, localSide } from '../copy/local-side.ts';
import { packLocal } from '../copy/pack-local.ts';
import { assertsDirectory, isContent, placeCopy, splitPath, type CopySide, type Placement } from '../copy/place.ts';
import { renameTop } from '../copy/rename-archive.ts';
import { connectContainers } from '../engine/containers.ts';
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

interface Copy extends ContainerCopy {
  readonly context: CommandContext;
  readonly progress: CopyProgress;
}

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tberth cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  args: { exactly: 2 },
  options: OPTIONS,
  async run(context, { options, given, args: [from = '', to = ''] }) {
    if (from === '') throw new CliError('source can not be empty');
    if (to === '') throw new CliError('destination can not be empty');
    const [source, target] = [parseCopyArgument(from), parseCopyArgument(to)];
    const isQuiet = given.has('quiet') ? options.quiet : !context.terminal.stdout;
    const tells = !isQuiet && target.kind !== 'stream';
    using containers = connectContainers(context);
    const progress = startCopyProgress(
      context,
      `Copying ${target.kind === 'container' ? 'to' : 'from'} container - `,
      tells && context.terminal.stderr,
    );
    const { archive: keepOwner, 'follow-link': followLink } = options;
    try {
      const { signal } = context;
      await copyBetween({ context, progress, containers, keepOwner, followLink, signal }, source, target);
    } finally {
      progress.end();
    }
    const shown = target.kind === 'local' ? absolute(context.cwd, to) : to;
    if (tells) context.stderr.write(`Successfully copied ${formatSize(progress.bytes)} to ${shown}\n`);
    return 0;
  },
});

async function copyBetween(copy: Copy, from: CopyArgument, to: CopyArgument): Promise<void> {
  if (from.kind === 'container' && to.kind === 'stream') return writeOut(copy, from);
  if (from.kind === 'container' && to.kind === 'local') return copyOut(copy, from, to.path);
  if (from.kind === 'container' && to.kind === 'container') return copyAcross(copy, from, to);
  if (from.kind === 'stream' && to.kind === 'container') return readIn(copy, to);
  if (from.kind === 'local' && to.kind === 'container') return copyIn(copy, from.path, to);
  throw new CliError('must specify at least one container source');
}

async function writeOut(copy: Copy, from: InContainer): Promise<void> {
  const { stdout, signal, terminal } = copy.context;
  if (terminal.stdout) throw new CliError('refusing to write an archive to a terminal: redirect or pipe it');
  const { archive } = await openArchive(copy, from);
  const top = isContent(from.path) ? { name: '.', replaces: splitPath(from.path).name !== '' } : null;
  for await (const data of top === null ? archive : renameTop(archive, top)) await writeAll(stdout, data, signal);
}

async function copyOut(copy: Copy, from: InContainer, path: string): Promise<void> {
  const { archive, side } = await openArchive(copy, from);
  const target = await localSide(absolute(copy.context.cwd, path));
  const place = placeCopy(side, target);
  await checkLocalTop(place, side);
  const { unpackLocal } = await import('../copy/unpack-local.ts');
  try {
    const onLost = (program: string): void =>
      void copy.context.stderr.write(`WARNING: ${program} comes without its capabilities\n`);
    const how = { dir: place.directory, top: newTop(place, side), keepOwner: copy.keepOwner, onLost };
    await unpackLocal(copy.progress.count(archive), how);
  } catch (error) {
    throw explainUnpacking(error);
  }
}

async function copyAcross(copy: Copy, from: InContainer, to: InContainer): Promise<void> {
  const { archive, side } = await openArchive(copy, from);
  const place = placeCopy(side, await containerSide(copy, to));
  const top = newTop(place, side);
  const counted = copy.progress.count(archive);
  await sendArchive(copy, inDirectory(to, place), top === null ? counted : renameTop(counted, top));
}

async function readIn(copy: Copy, to: InContainer): Promise<void> {
  const target = await containerSide(copy, to);
  if (!target.isDirectory) throw new CliError(`destination "${to.container}:${to.path}" must be a directory`);
  await sendArchive(copy, { container: to.container, path: target.path }, copy.progress.count(copy.context.stdin));
}

async function copyIn(copy: Copy, path: string, to: InContainer): Promise<void> {
  const { context, followLink } = copy;
  const given = absolute(context.cwd, path);
  const follows = followLink || assertsDirectory(given);
  const source = await (follows ? stat(given) : lstat(given));
  const side = { path: given, exists: true, isDirectory: source.isDirectory() };
  const place = placeCopy(side, await containerSide(copy, to));
  const { directory, name } = splitPath(follows ? await realpath(given) : given);
  const top = place.newName ?? splitPath(given).name;
  const archive = packLocal(join(directory, name), top || '.', (socket) =>
    context.stderr.write(`WARNING: ${socket} is a socket and is left out\n`),
  );
  await sendArchive(copy, inDirectory(to, place), copy.progress.count(archive));
}

function inDirectory({ container }: InContainer, { directory }: Placement): Omit<InContainer, 'kind'> {
  return { container, path: directory };
}

/** What the top of a container's archive gets for a name; null for what it has. */
function newTop({ newName }: Placement, { path }: CopySide): NewTop | null {
  return newName === null ? null : { name: newName, replaces: splitPath(path).name !== '' };
}

/** What the archive library says is about the archive; the rest comes from the engine or the file system. */
function explainUnpacking(error: unknown): unknown {
  const isPlain = error instanceof Error && error.name === 'Error' && !('code' in error) && !isBerthError(error);
  return isPlain ? new CliError(`cannot unpack the copy: ${error.message}`) : error;
}
