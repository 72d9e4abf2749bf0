/** Where a layer stands, as Docker names it. */
export type LayerPhase = 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'complete' | 'already exists';

export interface LayerProgress {
  readonly phase: LayerPhase;
  /** In this phase. */
  readonly currentBytes: number;
  /** 0 when unknown. */
  readonly totalBytes: number;
}
