// Times as Go prints them. A Timestamp is what protobuf has: whole seconds and nanoseconds.
import type { Timestamp } from '@berth/proto/timestamp';

/** Go's zero time, which docker shows for what has not happened. */
const ZERO = '0001-01-01T00:00:00Z';

/** RFC3339Nano in UTC: `2026-08-01T10:00:00.12Z`, without trailing zeros. Absent: Go's zero time. */
export function formatRfc3339Nano(time: Timestamp | undefined): string {
  if (!time) return ZERO;
  const fraction = trimZeros(time.nanos);
  return `${toDate(time).toISOString().slice(0, 19)}${fraction}Z`;
}

/** RFC 3339 in local time with all nine digits, as docker events and logs have it. */
export function formatLocalNano(time: Timestamp): string {
  return localRfc3339(time, `.${digits(time.nanos)}`);
}

/** RFC 3339 in local time, to the second, as docker history has it. */
export function formatLocal(time: Timestamp): string {
  return localRfc3339(time, '');
}

function localRfc3339(time: Timestamp, fraction: string): string {
  const { date, offset } = local(time);
  return `${date.replace(' ', 'T')}${fraction}${offset === '+00:00' ? 'Z' : offset}`;
}

/** RFC 3339 in UTC with all nine digits: `docker logs -t`. */
export function formatUtcNano(time: Timestamp): string {
  return `${toDate(time).toISOString().slice(0, 19)}.${digits(time.nanos)}Z`;
}

/** Go's Time.String() in local time, to the second: `2026-08-01 10:00:00 +0200 CEST`. */
export function formatGoTime(time: Timestamp): string {
  const { date, offset, zone } = local(time);
  return `${date} ${offset.replace(':', '')} ${zone}`;
}

/** The same with the fraction of a second, but for its trailing zeros: of what Docker's API tells as text and not as a number. */
export function formatGoTimeNano(time: Timestamp): string {
  return formatGoTime(time).replace(/(?<=:\d\d)(?= )/, trimZeros(time.nanos));
}

/** Milliseconds since 1970. */
export function toMs(time: Timestamp | undefined): number {
  return time ? Number(time.seconds) * 1000 + time.nanos / 1e6 : 0;
}

function toDate(time: Timestamp): Date {
  return new Date(Number(time.seconds) * 1000);
}

function local(time: Timestamp): { date: string; offset: string; zone: string } {
  const date = toDate(time);
  const minutes = -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + minutes * 60_000).toISOString();
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(size / 60))}:${pad(size % 60)}`;
  return { date: shifted.slice(0, 19).replace('T', ' '), offset, zone: zoneName(date, offset) };
}

function zoneName(date: Date, offset: string): string {
  if (offset === '+00:00') return 'UTC';
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  // ICU knows few abbreviations; Go shows the offset for a zone that has none.
  return /^[A-Z]+$/.test(name) ? name : offset.replace(':', '');
}

function trimZeros(nanos: number): string {
  return nanos === 0 ? '' : `.${digits(nanos).replace(/0+$/, '')}`;
}

function digits(nanos: number): string {
  return String(nanos).padStart(9, '0');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
