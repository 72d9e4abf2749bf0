import { BerthError } from '@berth/errors';

/** How many ids of the host a container's user namespace has. */
export const USER_IDS_PER_CONTAINER = 65_536;

/** Consecutive ids of the host, for users and groups alike. */
export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** Where nobody else is: above what /etc/subuid hands out by itself, and below what the kernel takes for negative. */
export const DEFAULT_ID_RANGE: IdRange = { first: 2 ** 30, count: 2 ** 30 };

/** Names under which an administrator may set ids aside, in order. */
const OWNERS = ['berth', 'containers'];

/** The ids that /etc/subuid and /etc/subgid set aside for Berth's containers; null when the two do not agree on some. */
export function parseSubordinateIds(users: string, groups: string): IdRange | null {
  for (const owner of OWNERS) {
    const range = rangesOf(owner, users).find(({ count }) => count >= USER_IDS_PER_CONTAINER);
    const same = ({ first, count }: IdRange): boolean => first === range?.first && count === range.count;
    if (range !== undefined && rangesOf(owner, groups).some(same)) return range;
  }
  return null;
}

function rangesOf(owner: string, text: string): IdRange[] {
  return text
    .split('\n')
    .map((line) => /^([^:]+):([0-9]{1,10}):([0-9]{1,10})$/.exec(line.trim()))
    .filter((match) => match !== null && match[1] === owner)
    .map((match) => ({ first: Number(match?.[2]), count: Number(match?.[3]) }))
    .filter(({ first, count }) => first > 0 && first + count < 2 ** 32);
}

/** Hands out the ids of containers, each to one container at a time. */
export interface IdPool {
  /** The first of USER_IDS_PER_CONTAINER free ids. Throws USER_IDS_EXHAUSTED. */
  take(): number;
  /** Marks ids as taken, as start-up does with those it finds in use. */
  claim(firstId: number): void;
  /** Gives ids back. */
  release(firstId: number): void;
}

/** A pool of a range. What was claimed from another range does no harm. */
export function createIdPool({ first, count }: IdRange): IdPool {
  const taken = new Set<number>();
  const end = first + Math.floor(count / USER_IDS_PER_CONTAINER) * USER_IDS_PER_CONTAINER;
  let next = first;

  const overlaps = (id: number): boolean =>
    taken.has(id) || [...taken].some((other) => Math.abs(other - id) < USER_IDS_PER_CONTAINER);

  return {
    take() {
      for (let tried = first; tried < end; tried += USER_IDS_PER_CONTAINER) {
        const id = next;
        next = next + USER_IDS_PER_CONTAINER < end ? next + USER_IDS_PER_CONTAINER : first;
        if (overlaps(id)) continue;
        taken.add(id);
        return id;
      }
      throw new BerthError('USER_IDS_EXHAUSTED', 'every range of user ids belongs to a container');
    },
    claim: (firstId) => void taken.add(firstId),
    release: (firstId) => void taken.delete(firstId),
  };
}
