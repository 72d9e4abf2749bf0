import { isBerthError } from '@berth/errors';
import type { Gate } from './gate.ts';
import type { LayerPhase } from './layer-progress.ts';
import type { LayerStore, StagedLayer, UnpackRequest } from './ports.ts';

/** Brings the blob of a layer here and returns its path; tells the file that it comes into. */
export type FetchLayer = (options: {
  readonly signal: AbortSignal;
  readonly onOpened: (path: string) => void;
  readonly onProgress: (receivedBytes: number) => void;
}) => Promise<string>;

export interface BringRequest {
  /** Null: whatever it is. */
  readonly diffId: string | null;
  /** The size of the blob; null: it is read-only when it is whole. */
  readonly sizeBytes: number | null;
  readonly fetch: FetchLayer;
  /** The part of the file that is the layer. Default: all of it. */
  readonly range?: UnpackRequest['range'];
  readonly report: (phase: LayerPhase, currentBytes: number) => void;
  readonly signal: AbortSignal;
}

export interface BringDeps {
  readonly layers: Pick<LayerStore, 'unpack'>;
  readonly downloads: Gate;
  /** Bounds what is unpacked of whole blobs. */
  readonly unpacks: Gate;
  /** Bounds what is unpacked while it comes: apart, so that a slow registry does not hold up what is here. */
  readonly earlyUnpacks: Gate;
}

/** Fetches a layer and unpacks it, while it comes if there is room for that. The blob and the layer are verified when it returns. */
export type BringLayer = (request: BringRequest) => Promise<StagedLayer>;

export function createBringLayer({ layers, downloads, unpacks, earlyUnpacks }: BringDeps): BringLayer {
  return async function bringLayer({ diffId, sizeBytes, fetch, range, report, signal }) {
    const failed = new AbortController();
    let isHere = false;
    let early: Promise<StagedLayer | null> | null = null;

    function onOpened(blobPath: string): void {
      if (early !== null || sizeBytes === 0) return;
      const onProgress = (bytes: number): void => {
        if (isHere) report('extracting', bytes);
      };
      const joined = AbortSignal.any([signal, failed.signal]);
      early = earlyUnpacks.tryRun(() =>
        layers
          .unpack({ blobPath, growsTo: sizeBytes ?? 'unknown', diffId, signal: joined, onProgress })
          .catch(nothingIfWrong),
      );
      early?.catch(() => {});
    }

    async function dropEarly(): Promise<void> {
      failed.abort();
      const staged = await early?.catch(() => null);
      await staged?.discard();
    }

    try {
      const onProgress = (bytes: number): void => report('downloading', bytes);
      const blobPath = await downloads.run(signal, () => fetch({ signal, onOpened, onProgress }));
      isHere = true;
      report('downloaded', sizeBytes ?? 0);
      if (early !== null) report('extracting', 0);
      const staged = await (early as Promise<StagedLayer | null> | null);
      if (staged !== null) return staged;
      return await unpacks.run(signal, () => {
        report('extracting', 0);
        const part = range === undefined ? {} : { range };
        return layers.unpack({
          ...part,
          blobPath,
          diffId,
          signal,
          onProgress: (bytes) => report('extracting', bytes),
        });
      });
    } catch (error) {
      await dropEarly();
      throw error;
    }
  };
}

/** A download may begin again, in the same file or in another; what is wrong then says nothing of the blob that comes out. */
function nothingIfWrong(error: unknown): null {
  if (isBerthError(error, 'LAYER_INVALID', 'DIGEST_MISMATCH')) return null;
  throw error;
}
