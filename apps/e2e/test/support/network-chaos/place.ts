/** A container of the test. */
export interface Guest {
  /** As it was created; it is renamed now and then. */
  name: string;
  /** The network that its mode names. */
  readonly home: string;
  /** Null as long as the engine has not told it. */
  id: string | null;
  /** Somebody does something with it: one at a time, so that what was told last is known. */
  busy: boolean;
  /** The networks that the engine said it is on, or not; those of which it said nothing are missing. */
  readonly told: Map<string, boolean>;
  removed: 'no' | 'asked' | 'told';
}

/** A network of the test. Its name is used again after a removal, its bridge's too. */
export interface Lan {
  readonly name: string;
  readonly bridge: string;
  readonly internal: boolean;
  /** What the engine said last: null while nobody knows. */
  exists: boolean | null;
  busy: boolean;
}

/** What is there, as far as the engine has told it. */
export interface World {
  readonly guests: Guest[];
  readonly lans: readonly Lan[];
}

/** The names of guests are those of no one before them, so that one that is answered too long is found. */
export function isGone({ removed }: Guest): boolean {
  return removed !== 'no';
}
