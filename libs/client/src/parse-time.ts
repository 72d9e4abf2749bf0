const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Parses what Docker takes as `--since` and `until=`: seconds since 1970, RFC 3339 with as much of the time as wanted, or a Go duration
 * before now. Null for anything else.
 */
export function parseTime(text: string, now: Date): Date | null {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return new Date(Number(text) * 1000);
  const duration = parseDuration(text);
  if (duration !== null) return new Date(now.getTime() - duration);
  // A date without a zone is local time, also when it has no time of day, which Date takes for UTC.
  const local = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text;
  const date = new Date(local);
  return /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime()) ? date : null;
}

/** A Go duration (`1h30m`, `-5s`, `1.5h`, `0`) in milliseconds, null for anything else. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!/^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return text.startsWith('-') ? -sum : sum;
}
