import { BerthError } from '@berth/errors';
import { z } from 'zod';

/** Owner and mode of a layer's root directory. */
export interface RootAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a layer held. */
export interface UnpackedLayer {
  /** The digest of the uncompressed layer. */
  readonly diffId: string;
  /** The apparent sizes of its regular files. */
  readonly sizeBytes: number;
  readonly entries: number;
  /** How the layer wants its root directory; null when it does not say. */
  readonly root: RootAttributes | null;
}

/** What lies at a path of a container. */
export interface PathStat {
  /** As the path that was asked for ends; `.` for the root, and for a path that ends so. */
  readonly name: string;
  readonly sizeBytes: number;
  /** st_mode. */
  readonly mode: number;
  /** Unix time in nanoseconds. */
  readonly modifyTimeNs: bigint;
  /** What a symbolic link points to, at most 512 bytes of it; empty for others. */
  readonly linkTarget: string;
}

/** One line that berth-layer prints. */
export type LayerReport =
  | { kind: 'progress'; readBytes: number }
  | { kind: 'result'; layer: UnpackedLayer }
  | { kind: 'stat'; stat: PathStat }
  | { kind: 'directory'; isOpaque: boolean }
  | { kind: 'usage'; usedBytes: number }
  | { kind: 'done' }
  | { kind: 'end'; status: number }
  | { kind: 'error'; error: BerthError };

const count = z.number().int().nonnegative();

const reportSchema = z.union([
  z.object({ progress: z.object({ readBytes: count }) }),
  z.object({
    result: z.object({
      diffId: z.string(),
      sizeBytes: count,
      entries: count,
      root: z.object({ mode: count, uid: count, gid: count }).nullable(),
    }),
  }),
  z.object({
    stat: z.object({
      name: z.string(),
      sizeBytes: count,
      mode: count,
      seconds: z.number().int(),
      nanos: count,
      link: z.string(),
    }),
  }),
  z.object({ directory: z.object({ opaque: z.boolean() }) }),
  z.object({ usage: z.object({ bytes: count }) }),
  z.object({ done: z.object({}) }),
  z.object({ end: z.object({ status: count }) }),
  z.object({
    error: z.object({
      reason: z.enum([
        'INTERNAL',
        'INVALID_ARGUMENT',
        'LAYER_INVALID',
        'DIGEST_MISMATCH',
        'DISK_FULL',
        'LAYER_LIMIT',
        'PATH_NOT_FOUND',
        'PATH_CONFLICT',
        'PATH_READ_ONLY',
      ]),
      step: z.string(),
      errno: z.number().int(),
      detail: z.string(),
    }),
  }),
]);

/** Parses a line of libs/layers/native/src/report.h. Throws INTERNAL when it is none. */
export function parseLayerReport(line: string): LayerReport {
  const report = reportSchema.parse(JSON.parse(line));
  if ('progress' in report) return { kind: 'progress', readBytes: report.progress.readBytes };
  if ('result' in report) return { kind: 'result', layer: report.result };
  if ('stat' in report) return { kind: 'stat', stat: toStat(report.stat) };
  if ('directory' in report) return { kind: 'directory', isOpaque: report.directory.opaque };
  if ('usage' in report) return { kind: 'usage', usedBytes: report.usage.bytes };
  if ('done' in report) return { kind: 'done' };
  if ('end' in report) return { kind: 'end', status: report.end.status };
  const { reason, step, errno, detail } = report.error;
  const cause = new Error(`berth-layer: ${step}: errno ${errno}`);
  return { kind: 'error', error: new BerthError(reason, decodeNames(detail), { cause }) };
}

/** The tool writes each byte that is not ASCII as the code point of its value, because names in a layer need not be UTF-8. */
function decodeNames(detail: string): string {
  return Buffer.from(detail, 'latin1').toString('utf8');
}

interface ReportedStat {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly link: string;
}

function toStat({ name, sizeBytes, mode, seconds, nanos, link }: ReportedStat): PathStat {
  const modifyTimeNs = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return { name: decodeNames(name), sizeBytes, mode, modifyTimeNs, linkTarget: decodeNames(link) };
}
