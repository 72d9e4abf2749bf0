/** How a path of a container differs from its image. */
export type ChangeKind = 'changed' | 'added' | 'deleted';

export interface PathChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: ChangeKind;
}

const KINDS: Readonly<Record<string, ChangeKind>> = { C: 'changed', A: 'added', D: 'deleted' };

/** Parses what `berth-layer changes` writes: a letter, an absolute path and a NUL for each change. Throws when it is something else. */
export function parsePathChanges(bytes: Buffer): PathChange[] {
  const records = bytes.toString('utf8').split('\0');
  if (records.pop() !== '') throw new Error('the list of changes is cut off');
  return records.map((record) => {
    const kind = KINDS[record[0] ?? ''];
    if (kind === undefined || record[1] !== '/') throw new Error(`no change: ${JSON.stringify(record)}`);
    return { path: record.slice(1), kind };
  });
}
