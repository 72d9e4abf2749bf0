import { expect, test } from '@jest/globals';
import { formatDuration } from './human-duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The table of docker/go-units' own test.
test.each([
  [450, 'Less than a second'],
  [47 * SECOND, '47 seconds'],
  [SECOND, '1 second'],
  [MINUTE, 'About a minute'],
  [3 * MINUTE, '3 minutes'],
  [35 * MINUTE, '35 minutes'],
  [35 * MINUTE + 40 * SECOND, '35 minutes'],
  [HOUR, 'About an hour'],
  [HOUR + 45 * MINUTE, '2 hours'],
  [3 * HOUR, '3 hours'],
  [3 * HOUR + 59 * MINUTE, '4 hours'],
  [DAY, '24 hours'],
  [DAY + 12 * HOUR, '36 hours'],
  [2 * DAY, '2 days'],
  [7 * DAY, '7 days'],
  [13 * DAY + 5 * HOUR, '13 days'],
  [2 * 7 * DAY, '2 weeks'],
  [2 * 7 * DAY + 4 * DAY, '2 weeks'],
  [3 * 7 * DAY, '3 weeks'],
  [4 * 7 * DAY + 3 * DAY, '4 weeks'],
  [30 * DAY, '4 weeks'],
  [45 * DAY, '6 weeks'],
  [60 * DAY, '2 months'],
  [91 * DAY, '3 months'],
  [12 * 30 * DAY, '12 months'],
  [24 * 30 * DAY, '24 months'],
  [24 * 30 * DAY + 15 * DAY, '2 years'],
  [3 * 365 * DAY, '3 years'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
