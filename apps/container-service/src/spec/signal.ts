import { constants } from 'node:os';
import { BerthError } from '@berth/errors';

const SIGNALS: Readonly<Record<string, number>> = constants.signals;
const REALTIME = { min: 34, max: 64 };

/** The number of a signal given as `TERM`, `SIGTERM`, `RTMIN+3` or `15`. Throws INVALID_ARGUMENT. */
export function parseSignal(text: string): number {
  if (/^[0-9]{1,3}$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= REALTIME.max) return number;
    throw invalid(text);
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const number = SIGNALS[`SIG${name}`] ?? realtimeSignal(name);
  if (number === null) throw invalid(text);
  return number;
}

/** By number; of two names for one the first. */
const NAMES = new Map(
  Object.entries(SIGNALS)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** The name of a signal: `SIGTERM`; its number as text when it has no name. */
export function formatSignal(number: number): string {
  return NAMES.get(number) ?? String(number);
}

function realtimeSignal(name: string): number | null {
  const match = /^RT(MIN|MAX)(?:([+-])([0-9]{1,2}))?$/.exec(name);
  if (match === null) return null;
  const offset = Number(match[3] ?? 0) * (match[2] === '-' ? -1 : 1);
  const number = (match[1] === 'MIN' ? REALTIME.min : REALTIME.max) + offset;
  return number >= REALTIME.min && number <= REALTIME.max ? number : null;
}

function invalid(text: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `invalid signal: ${text}`);
}
