import { pipeline } from 'node:stream/promises';
import type { PathStat } from './layer-report.ts';
import { listenForStream } from './stream-listener.ts';
import { cancelled, failureOf, startTool, type ToolOptions } from './tool.ts';

/** A process that has a container's file system as its root. */
export interface ContainerProcess {
  readonly pid: number;
  /** Its start time as /proc/PID/stat has it, which tells it from another with the same pid; null: the caller keeps it alive. */
  readonly startTicks: bigint | null;
}

/** A directory of the host, in place of a container: all paths are looked up with it as their root. */
export interface DirectoryRoot {
  readonly directory: string;
}

/** Whose files are meant. */
export type FileRoot = ContainerProcess | DirectoryRoot;

export interface ArchiveOptions {
  /** Follows a symbolic link at the end of the path. */
  readonly follow: boolean;
  /** The root file system without what is mounted on it. */
  readonly whole: boolean;
  readonly signal: AbortSignal;
}

export interface ExtractOptions {
  /** Refuses to put a directory in the place of something else, and the other way round. */
  readonly keepPlace: boolean;
  /** Who owns what is made; null: as the archive says. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** A tar, plain or compressed with gzip or zstd. */
  readonly data: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/**
 * Reads and writes files of containers, which may be attacking it, in confined processes: see libs/layers/native/src/container_root.h. All
 * methods throw PATH_NOT_FOUND, CANCELLED, INTERNAL.
 */
export interface ContainerFileTool extends AsyncDisposable {
  /** What lies at a path. */
  stat(root: FileRoot, path: string, options: Pick<ArchiveOptions, 'follow' | 'signal'>): Promise<PathStat>;
  /** What lies at a path, then its tar. Returning early ends the work. */
  archive(root: FileRoot, path: string, options: ArchiveOptions): AsyncGenerator<PathStat | Buffer>;
  /** Unpacks a tar into a directory. Throws PATH_CONFLICT, PATH_READ_ONLY, LAYER_INVALID, LAYER_LIMIT, DISK_FULL too. */
  extract(root: FileRoot, path: string, options: ExtractOptions): Promise<void>;
  /**
   * Copies what is in a directory, that programs may be changing, into an empty one, with blocks shared where the file system can. Throws
   * LAYER_INVALID, DISK_FULL too; what a failed copy leaves is the caller's to remove.
   */
  copy(fromDir: string, toDir: string, signal: AbortSignal): Promise<void>;
  /** Limits what an empty directory may hold, bytes. Throws INVALID_ARGUMENT, in Docker's words, where the file system has no project quotas. */
  limit(dir: string, bytes: number): Promise<void>;
  /** Takes the limit off a directory that is to go. Does nothing when it has none. */
  unlimit(dir: string): Promise<void>;
  /** What a limited directory occupies, bytes. */
  usage(dir: string): Promise<number>;
}

export function startContainerFileTool(options: ToolOptions): ContainerFileTool {
  const { run, close } = startTool(options);

  async function* archive(
    container: FileRoot,
    path: string,
    { follow, whole, signal }: ArchiveOptions,
  ): AsyncGenerator<PathStat | Buffer> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    using listener = await listenForStream(options.streamDir);
    const found = Promise.withResolvers<PathStat>();
    found.promise.catch(() => {});
    const args = [
      'archive',
      ...whereArguments(container, path),
      ...flag('--follow', follow),
      ...flag('--whole', whole),
    ];
    const ended = run([...args, '--stream', listener.path], either, (report) => {
      if (report.kind === 'stat') found.resolve(report.stat);
    });
    try {
      ended.then((last) => {
        // A task that is done has connected, though its end may be heard of first.
        if (last?.kind !== 'done') listener[Symbol.dispose]();
        found.reject(failureOf(last));
      }, found.reject);
      yield await found.promise;
      for await (const chunk of await listener.connected) yield chunk as Buffer;
      const last = await ended;
      if (last?.kind !== 'done') throw signal.aborted ? cancelled() : failureOf(last);
    } finally {
      stop.abort();
      await ended;
    }
  }

  return {
    async stat(container, path, { follow, signal }) {
      let stat: PathStat | null = null;
      const last = await run(
        ['stat', ...whereArguments(container, path), ...flag('--follow', follow)],
        signal,
        (report) => {
          if (report.kind === 'stat') stat = report.stat;
        },
      );
      if (stat === null || last?.kind !== 'done') throw signal.aborted ? cancelled() : failureOf(last);
      return stat;
    },
    archive,
    async extract(container, path, { keepPlace, owner, data, signal }) {
      using listener = await listenForStream(options.streamDir);
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const sent = listener.connected.then((socket) => pipeline(data, socket, { signal: either }));
      // A sender that fails ends the stream, and with it the work; one whose receiver has ended learns why from it.
      let isOver = false;
      let failure: unknown = null;
      sent.catch((error: unknown) => {
        if (!isOver && !signal.aborted && !isBrokenPipe(error)) failure = error;
      });
      const args = ['extract', ...whereArguments(container, path), ...flag('--keep-place', keepPlace)];
      const whose = owner === null ? [] : ['--owner', `${owner.uid}:${owner.gid}`];
      const last = await run([...args, ...whose, '--stream', listener.path], overdue(signal, stop.signal));
      isOver = true;
      stop.abort();
      if (failure !== null) throw failure;
      if (last?.kind !== 'done') throw signal.aborted ? cancelled() : failureOf(last);
    },
    async copy(fromDir, toDir, signal) {
      const last = await run(['copy', '--upper', fromDir, '--target', toDir], signal);
      if (last?.kind !== 'result') throw signal.aborted ? cancelled() : failureOf(last);
    },
    async limit(dir, bytes) {
      const last = await run(['limit', dir, String(bytes)], NEVER);
      if (last?.kind !== 'done') throw failureOf(last);
    },
    async unlimit(dir) {
      const last = await run(['unlimit', dir], NEVER);
      if (last?.kind !== 'done') throw failureOf(last);
    },
    async usage(dir) {
      const last = await run(['usage', dir], NEVER);
      if (last?.kind !== 'usage') throw failureOf(last);
      return last.usedBytes;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Of what takes no time worth stopping. */
const NEVER = new AbortController().signal;

/** Who stops takes half a file away first. */
const STOP_MS = 2_000;

/** Aborted a while after the other, unless it is over by then. A signal may live as long as the service: it keeps nothing of what is over. */
function overdue(signal: AbortSignal, over: AbortSignal): AbortSignal {
  const late = new AbortController();
  const abort = (): void => late.abort();
  const start = (): void => void setTimeout(abort, STOP_MS).unref();
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true, signal: over });
  return late.signal;
}

function isBrokenPipe(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function whereArguments(root: FileRoot, path: string): string[] {
  if ('directory' in root) return ['--root', root.directory, '--path', path];
  const { pid, startTicks } = root;
  return [
    ...['--pid', String(pid), '--path', path],
    ...(startTicks === null ? [] : ['--start-ticks', String(startTicks)]),
  ];
}

function flag(name: string, isSet: boolean): string[] {
  return isSet ? [name, 'yes'] : [];
}
