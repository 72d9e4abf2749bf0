/** What may stand in the mode of `-v`, one of a group at most. */
const GROUPS: readonly (readonly string[])[] = [
  ['rw', 'ro'],
  ['z', 'Z'],
  ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'],
  ['nocopy'],
  ['consistent', 'cached', 'delegated'],
];

/** Tells in Docker's words what is wrong with the mode of a `-v` or `--volumes-from`; null: nothing. */
export function volumeModeProblem(mode: string): string | null {
  if (mode === '') return null;
  const options = mode.split(',');
  const known = options.every((option) => GROUPS.some((group) => group.includes(option)));
  const single = GROUPS.every((group) => options.filter((option) => group.includes(option)).length <= 1);
  return known && single ? null : `invalid mode: ${mode}`;
}
