import { BerthError } from '@berth/errors';
import type { LayerReport, UnpackedLayer } from './layer-report.ts';
import { startToolProcess, type ToolProcess } from './tool-process.ts';

/** What a layer may have at most. Absent: the tool's defaults, which no honest image reaches. */
export interface LayerLimits {
  readonly maxEntries?: number;
  /** Of the uncompressed layer, and of the apparent sizes of its files. */
  readonly maxBytes?: number;
}

export interface UnpackRequest {
  /** The layer: tar, plain or compressed with gzip or zstd. */
  readonly blobPath: string;
  /** An empty directory. What a failed unpack leaves in it is the caller's to remove. */
  readonly targetDir: string;
  /** What the uncompressed layer must hash to; null: it is only computed. */
  readonly diffId: string | null;
  readonly limits?: LayerLimits;
  readonly signal: AbortSignal;
  /** Compressed bytes read so far; called about every 100 ms. */
  readonly onProgress?: (readBytes: number) => void;
}

export interface LayerToolOptions {
  /** Absolute path of berth-layer. */
  readonly program: string;
  /** The tool's environment; it needs none. Default: empty. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The native layer tool: one small resident process that forks for each task, because Node forks slowly. */
export interface LayerTool extends AsyncDisposable {
  /**
   * Unpacks a layer into a directory as overlayfs wants it, in a confined process that treats the layer as hostile. Throws LAYER_INVALID,
   * DIGEST_MISMATCH, LAYER_LIMIT, DISK_FULL, CANCELLED, or INTERNAL; nothing writes to the directory any more when it returns.
   */
  unpack(request: UnpackRequest): Promise<UnpackedLayer>;
  /** Resolves when what was written to the directory's file system is on the disk. Throws INTERNAL. */
  sync(dir: string): Promise<void>;
  /** Ends the tool and what it does. */
  close(): Promise<void>;
}

/** The tool starts with the first task, and again with the next one should it end. */
export function startLayerTool(options: LayerToolOptions): LayerTool {
  let tool: ToolProcess | null = null;

  function run(args: readonly string[], signal: AbortSignal, onProgress?: (readBytes: number) => void) {
    if (tool === null || tool.hasEnded()) tool = startToolProcess(options);
    return tool.run(args, signal, onProgress);
  }

  async function close(): Promise<void> {
    await tool?.close();
  }

  return {
    async unpack(request) {
      const { signal, onProgress } = request;
      if (signal.aborted) throw cancelled();
      const last = await run(toArguments(request), signal, onProgress);
      if (signal.aborted) throw cancelled();
      if (last?.kind === 'result') return last.layer;
      throw failureOf(last);
    },
    async sync(dir) {
      const last = await run(['sync', dir], new AbortController().signal);
      if (last?.kind !== 'synced') throw failureOf(last);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toArguments({ blobPath, targetDir, diffId, limits }: UnpackRequest): string[] {
  return [
    'unpack',
    ...['--layer', blobPath, '--target', targetDir],
    ...(diffId === null ? [] : ['--diff-id', diffId]),
    ...(limits?.maxEntries === undefined ? [] : ['--max-entries', String(limits.maxEntries)]),
    ...(limits?.maxBytes === undefined ? [] : ['--max-bytes', String(limits.maxBytes)]),
  ];
}

function failureOf(last: LayerReport | null): BerthError {
  if (last?.kind === 'error') return last.error;
  const cause = new Error(`berth-layer ended without a result: ${JSON.stringify(last)}`);
  return new BerthError('INTERNAL', 'the layer tool failed: see the service log', { cause });
}

function cancelled(): BerthError {
  return new BerthError('CANCELLED', 'unpacking the layer was cancelled');
}
