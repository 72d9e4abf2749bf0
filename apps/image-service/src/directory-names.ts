/** Names for directories: short, and never one that is taken. */
export function createNames(taken: readonly string[]): () => string {
  let last = Math.max(0, ...taken.map((name) => Number.parseInt(name, 36)).filter(Number.isSafeInteger));
  return () => (++last).toString(36);
}
