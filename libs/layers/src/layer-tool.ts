import type { UnpackedLayer } from './layer-report.ts';
import { parsePathChanges, type PathChange } from './path-changes.ts';
import { listenForStream } from './stream-listener.ts';
import { cancelled, failureOf, startTool, type ToolOptions } from './tool.ts';

/** What a layer may have at most. Absent: the tool's defaults, which no honest image reaches. */
export interface LayerLimits {
  readonly maxEntries?: number;
  /** Of the uncompressed layer, and of the apparent sizes of its files. */
  readonly maxBytes?: number;
}

export interface UnpackRequest {
  /** The layer: tar, plain or compressed with gzip or zstd. */
  readonly blobPath: string;
  /** The layer is a part of that file, in bytes. Default: all of it. */
  readonly range?: { readonly offset: number; readonly length: number };
  /**
   * The blob is still being written, and will have that many bytes: they are waited for. `unknown`: until its owner may not write to it any more. A
   * writer that closes or cuts it earlier makes it LAYER_INVALID. Default: it is whole.
   */
  readonly growsTo?: number | 'unknown';
  /** An empty directory. What a failed unpack leaves in it is the caller's to remove. */
  readonly targetDir: string;
  /** What the uncompressed layer must hash to; null: it is only computed. */
  readonly diffId: string | null;
  readonly limits?: LayerLimits;
  readonly signal: AbortSignal;
  /** Compressed bytes read so far; called about every 100 ms. */
  readonly onProgress?: (readBytes: number) => void;
}

/** The writable layer of a container, and what is below it. */
export interface SnapshotLayers {
  readonly upperDir: string;
  readonly layersDir: string;
  /** Names relative to layersDir, uppermost first. */
  readonly lowerDirs: readonly string[];
  /** Paths relative to the root that the engine makes to mount on: no change as long as they are empty and no layer has them. */
  readonly mountPoints: readonly string[];
}

/** Two stacks of layers; names relative to layersDir, uppermost first. */
export interface LayerStacks {
  readonly layersDir: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface CommitRequest extends SnapshotLayers {
  /** An empty directory of the file system on which the layers are. What a failed commit leaves in it is the caller's to remove. */
  readonly targetDir: string;
  /** Makes one layer of all. */
  readonly squash: boolean;
  readonly limits?: LayerLimits;
  readonly signal: AbortSignal;
}

export interface PackRequest {
  /** The directory of a layer. */
  readonly layerDir: string;
  /** What its archive must hash to. */
  readonly diffId: string;
  /** Default: none. */
  readonly compression?: 'none' | 'gzip';
  /** The file that the archive is written to. What a failed pack leaves of it is the caller's to remove. */
  readonly outputPath: string;
  readonly signal: AbortSignal;
}

export interface CompressRequest {
  readonly archivePath: string;
  /** As of PackRequest. */
  readonly outputPath: string;
  readonly signal: AbortSignal;
}

/** The native layer tool: one small resident process that forks for each task, because Node forks slowly. */
export interface LayerTool extends AsyncDisposable {
  /**
   * Unpacks a layer into a directory as overlayfs wants it, in a confined process that treats the layer as hostile. Throws LAYER_INVALID,
   * DIGEST_MISMATCH, LAYER_LIMIT, DISK_FULL, CANCELLED, or INTERNAL; nothing writes to the directory any more when it returns.
   */
  unpack(request: UnpackRequest): Promise<UnpackedLayer>;
  /** What a container has changed, by path, parents first, as Docker tells it. Throws LAYER_INVALID, LAYER_LIMIT, CANCELLED, INTERNAL. */
  changes(layers: SnapshotLayers, signal: AbortSignal): Promise<PathChange[]>;
  /**
   * What turns one stack of layers into another, in the same form. Directories that both have from the same layers are not looked into. Throws
   * LAYER_LIMIT, CANCELLED, INTERNAL.
   */
  compare(stacks: LayerStacks, signal: AbortSignal): Promise<PathChange[]>;
  /**
   * Makes a layer of a writable layer, that a container may be changing, in a directory. Throws LAYER_INVALID when the format cannot say
   * what is there, LAYER_LIMIT, DISK_FULL, CANCELLED, INTERNAL; nothing writes to the directory any more when it returns.
   */
  commit(request: CommitRequest): Promise<UnpackedLayer>;
  /**
   * Writes the archive of a layer that `commit` has made. What it writes of another is the exact archive only by chance: throws
   * DIGEST_MISMATCH then; LAYER_INVALID, LAYER_LIMIT, DISK_FULL, CANCELLED, INTERNAL.
   */
  pack(request: PackRequest): Promise<void>;
  /** Writes an archive as a gzip file. Throws DISK_FULL, CANCELLED, INTERNAL. */
  compress(request: CompressRequest): Promise<void>;
  /**
   * Tells the file system that the directories in this one have nothing to do with each other, so that it puts each into a place of its own;
   * one that cannot be told does as it always does. Throws INTERNAL.
   */
  spread(dir: string): Promise<void>;
  /** Tells whether a directory of a layer hides what the layers below have in it. Throws INTERNAL. */
  isOpaque(dir: string): Promise<boolean>;
  /** Resolves when what was written to the directory's file system is on the disk. Throws INTERNAL. */
  sync(dir: string): Promise<void>;
  /** Ends the tool and what it does. */
  close(): Promise<void>;
}

/** The tool starts with the first task, and again with the next one should it end. */
export function startLayerTool(options: ToolOptions): LayerTool {
  const { run, close } = startTool(options);

  async function runForLayer(
    args: readonly string[],
    signal: AbortSignal,
    onProgress?: (readBytes: number) => void,
  ): Promise<UnpackedLayer> {
    if (signal.aborted) throw cancelled();
    const last = await run(args, signal, (report) => {
      if (report.kind === 'progress') onProgress?.(report.readBytes);
    });
    if (signal.aborted) throw cancelled();
    if (last?.kind === 'result') return last.layer;
    throw failureOf(last);
  }

  async function listChanges(args: readonly string[], signal: AbortSignal): Promise<PathChange[]> {
    if (signal.aborted) throw cancelled();
    using listener = await listenForStream(options.streamDir);
    const bytes = listener.connected.then(readAll);
    bytes.catch(() => {});
    const last = await run([...args, '--stream', listener.path], signal);
    if (signal.aborted) throw cancelled();
    if (last?.kind !== 'done') throw failureOf(last);
    return parsePathChanges(await bytes);
  }

  async function runInDirectory(command: string, dir: string): Promise<void> {
    const last = await run([command, dir], new AbortController().signal);
    if (last?.kind !== 'done') throw failureOf(last);
  }

  return {
    async pack({ layerDir, diffId, compression = 'none', outputPath, signal }) {
      const what = ['--upper', layerDir, '--diff-id', diffId, '--compression', compression];
      await runForLayer(['pack', ...what, '--output', outputPath], signal);
    },
    async compress({ archivePath, outputPath, signal }) {
      if (signal.aborted) throw cancelled();
      const last = await run(['compress', '--layer', archivePath, '--output', outputPath], signal);
      if (signal.aborted) throw cancelled();
      if (last?.kind !== 'done') throw failureOf(last);
    },
    async unpack(request) {
      const { signal, onProgress } = request;
      return runForLayer(unpackArguments(request), signal, onProgress);
    },
    commit: (request) => runForLayer(commitArguments(request), request.signal),
    changes: (layers, signal) => listChanges(['changes', ...layersArguments(layers)], signal),
    compare: (stacks, signal) => listChanges(['compare', ...stacksArguments(stacks)], signal),
    spread: (dir) => runInDirectory('spread', dir),
    async isOpaque(dir) {
      const last = await run(['opaque', dir], new AbortController().signal);
      if (last?.kind !== 'directory') throw failureOf(last);
      return last.isOpaque;
    },
    sync: (dir) => runInDirectory('sync', dir),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function unpackArguments({ blobPath, range, growsTo, targetDir, diffId, limits }: UnpackRequest): string[] {
  const part = range === undefined ? [] : ['--offset', String(range.offset), '--length', String(range.length)];
  const size = growsTo === undefined ? [] : ['--size', String(growsTo)];
  const promise = diffId === null ? [] : ['--diff-id', diffId];
  return [
    'unpack',
    '--layer',
    blobPath,
    '--target',
    targetDir,
    ...part,
    ...size,
    ...promise,
    ...limitArguments(limits),
  ];
}

function commitArguments({ targetDir, squash, limits, ...layers }: CommitRequest): string[] {
  const how = squash ? ['--squash', 'yes'] : [];
  return ['commit', ...layersArguments(layers), '--target', targetDir, ...how, ...limitArguments(limits)];
}

function layersArguments({ upperDir, layersDir, lowerDirs, mountPoints }: SnapshotLayers): string[] {
  return [
    ...['--upper', upperDir, '--layers', layersDir],
    ...(lowerDirs.length === 0 ? [] : ['--lowers', lowerDirs.join(':')]),
    ...(mountPoints.length === 0 ? [] : ['--mount-points', mountPoints.join(':')]),
  ];
}

function stacksArguments({ layersDir, from, to }: LayerStacks): string[] {
  return [
    ...['--layers', layersDir],
    ...(from.length === 0 ? [] : ['--lowers', from.join(':')]),
    ...(to.length === 0 ? [] : ['--others', to.join(':')]),
  ];
}

function limitArguments(limits: LayerLimits | undefined): string[] {
  return [
    ...(limits?.maxEntries === undefined ? [] : ['--max-entries', String(limits.maxEntries)]),
    ...(limits?.maxBytes === undefined ? [] : ['--max-bytes', String(limits.maxBytes)]),
  ];
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
