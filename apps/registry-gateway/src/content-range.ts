/** The range of a 206 response. */
export interface ContentRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
  /** Null when the server does not say (`*`). */
  readonly total: number | null;
}

/** Parses `bytes 0-99/200` strictly; null when it is anything else or makes no sense. */
export function parseContentRange(value: string): ContentRange | null {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(?:(\d{1,16})|\*)$/.exec(value.trim());
  if (match === null) return null;
  const [start, end, total] = [Number(match[1]), Number(match[2]), match[3] === undefined ? null : Number(match[3])];
  const isSane = start <= end && (total === null || end < total) && Number.isSafeInteger(total ?? end);
  return isSane ? { start, end, total } : null;
}
