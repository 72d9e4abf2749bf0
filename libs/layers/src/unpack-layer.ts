import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { BerthError } from '@berth/errors';
import { parseLayerReport, type LayerReport, type UnpackedLayer } from './layer-report.ts';

export type { RootAttributes, UnpackedLayer } from './layer-report.ts';

/** What a layer may have at most. Absent: the tool's defaults, which no honest image reaches. */
export interface LayerLimits {
  readonly maxEntries?: number;
  /** Of the uncompressed layer, and of the apparent sizes of its files. */
  readonly maxBytes?: number;
}

export interface UnpackOptions {
  /** Absolute path of berth-layer. */
  readonly program: string;
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

/**
 * Unpacks a layer into a directory as overlayfs wants it, in a confined process that treats the layer as hostile. Throws LAYER_INVALID,
 * DIGEST_MISMATCH, LAYER_LIMIT, DISK_FULL, CANCELLED, or INTERNAL; the process has ended when it returns.
 */
export async function unpackLayer(options: UnpackOptions): Promise<UnpackedLayer> {
  if (options.signal.aborted) throw cancelled();
  const child = spawn(options.program, toArguments(options), {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
    env: {},
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  const [last, end, stderr] = await Promise.allSettled([
    readReports(child.stdout, options),
    ended,
    readText(child.stderr),
  ]);
  if (options.signal.aborted) throw cancelled();
  if (last.status === 'fulfilled' && last.value?.kind === 'result') return last.value.layer;
  if (last.status === 'fulfilled' && last.value?.kind === 'error') throw last.value.error;
  throw new BerthError('INTERNAL', 'the layer tool failed: see the service log', {
    cause: new Error('berth-layer gave no result', { cause: { last, end, stderr } }),
  });
}

function toArguments({ blobPath, targetDir, diffId, limits }: UnpackOptions): string[] {
  return [
    'unpack',
    ...['--layer', blobPath, '--target', targetDir],
    ...(diffId === null ? [] : ['--diff-id', diffId]),
    ...(limits?.maxEntries === undefined ? [] : ['--max-entries', String(limits.maxEntries)]),
    ...(limits?.maxBytes === undefined ? [] : ['--max-bytes', String(limits.maxBytes)]),
  ];
}

/** Reads all reports, and returns the last that is more than progress. */
async function readReports(output: Readable, { onProgress }: UnpackOptions): Promise<LayerReport | null> {
  let last: LayerReport | null = null;
  for await (const line of createInterface({ input: output })) {
    const report = parseLayerReport(line);
    if (report.kind === 'progress') onProgress?.(report.readBytes);
    else last = report;
  }
  return last;
}

const STDERR_MAX_CHARACTERS = 4096;

async function readText(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text = (text + String(chunk)).slice(-STDERR_MAX_CHARACTERS);
  return text;
}

function cancelled(): BerthError {
  return new BerthError('CANCELLED', 'unpacking the layer was cancelled');
}
