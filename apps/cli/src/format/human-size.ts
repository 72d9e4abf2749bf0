// Sizes as docker/go-units prints them.

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** `7.8MB`: three significant digits unless told, base 1000. */
export function formatSize(bytes: number | bigint, precision = 3): string {
  return formatWith(Number(bytes), { base: 1000, units: DECIMAL, precision });
}

/** `976.5KiB`: four significant digits, base 1024. */
export function formatBinarySize(bytes: number | bigint): string {
  return formatWith(Number(bytes), { base: 1024, units: BINARY, precision: 4 });
}

function formatWith(bytes: number, how: { base: number; units: string[]; precision: number }): string {
  let size = bytes;
  let unit = 0;
  for (; size >= how.base && unit < how.units.length - 1; unit++) size /= how.base;
  return `${formatG(size, how.precision)}${how.units[unit]}`;
}

/** C's and Go's `%.<precision>g`: 999.999 with three digits is 1e+03, and users of docker know it as `1e+03kB`. */
function formatG(value: number, precision: number): string {
  const [mantissa = '', exponent] = value.toPrecision(precision).split('e');
  const digits = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  if (exponent === undefined) return digits;
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
