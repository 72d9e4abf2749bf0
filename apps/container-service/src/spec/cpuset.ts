/** Tells whether all numbers of a list such as `0-2,5` are in another; null when the first is no such list. */
export function isSubset(list: string, other: string): boolean | null {
  const wanted = parseCpuset(list);
  const available = parseCpuset(other);
  if (wanted === null) return null;
  return [...wanted].every((number) => available?.has(number) === true);
}

/** Far more than any host has; a longer range is no list, and is not spelled out. */
const MAX_NUMBER = 8191;

/** The numbers of a list such as `0-2,5`; null when it is none. */
function parseCpuset(list: string): Set<number> | null {
  const numbers = new Set<number>();
  for (const range of list.trim().split(',')) {
    const match = /^([0-9]{1,4})(?:-([0-9]{1,4}))?$/.exec(range.trim());
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last > MAX_NUMBER) return null;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}
