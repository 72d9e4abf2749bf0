import { quote } from '../format/text.ts';

const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** Parses what go-units' RAMInBytes takes: `512m`, `1.5GiB`, `1024`; a string is its complaint. */
export function parseByteSize(text: string): number | string {
  const match = /^(.*[0-9.])? ?([^0-9. ]*)$/s.exec(text);
  const digits = match?.[1];
  if (digits === undefined) return `invalid size: '${text}'`;
  const size = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(digits) ? Number(digits) : NaN;
  if (Number.isNaN(size)) return `strconv.ParseFloat: parsing ${quote(digits)}: invalid syntax`;
  if (size < 0) return `invalid size: '${text}'`;
  const suffix = (match?.[2] ?? '').toLowerCase();
  if (suffix === '' || suffix === 'b') return Math.trunc(size);
  const unit = UNITS[suffix[0] ?? ''];
  if (unit === undefined || !['', 'b', 'ib'].includes(suffix.slice(1))) return `invalid suffix: '${suffix}'`;
  return Math.trunc(size * unit);
}
