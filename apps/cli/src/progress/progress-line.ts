/** One thing to show of a pull or a push. */
export type ProgressLine =
  | { kind: 'line'; text: string }
  /** The state of a layer; `current` is set while bytes are counted. */
  | { kind: 'layer'; id: string; status: string; current?: number; total?: number };
