/** In milliseconds. A longer one would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
