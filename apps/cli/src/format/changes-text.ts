/** The letters of Docker, by what the services of containers and of images number alike. */
const LETTERS = ['?', 'C', 'A', 'D'];

/** Paths that differ, each on a line: `C /etc`. */
export function changesText(changes: readonly { readonly kind: number; readonly path: string }[]): string {
  return changes.map(({ kind, path }) => `${LETTERS[kind] ?? '?'} ${path}\n`).join('');
}
