// Go's fmt.Sprintf (https://pkg.go.dev/fmt), for what JSON can hold.
import { quote } from '../format/text.ts';
import { formatValue, typeNameOf } from './format-value.ts';

/** The widest field and the longest fraction, as in Go. */
const MAX_WIDTH = 1_000_000;
const MAX_FRACTION = 100;
const DIRECTIVE = /%([-+# 0]*)(\d*)(?:\.(\d*))?(.|$)/gsu;
type Groups = [flags: string, width: string, fraction: string | undefined, verb: string];

interface Directive {
  readonly flags: string;
  readonly precision: number | undefined;
  readonly verb: string;
}

/** Fills the verbs of a format with the arguments, and says as Go does which of them do not go together. */
export function formatPrintf(format: string, args: readonly unknown[]): string {
  let used = 0;
  const text = format.replace(DIRECTIVE, (_, ...[flags, width, fraction, verb]: Groups) => {
    if (verb === '%') return '%';
    if (verb === '') return '%!(NOVERB)';
    if (used >= args.length) return `%!${verb}(MISSING)`;
    const precision = fraction === undefined ? undefined : Number(fraction);
    const shown = formatVerb(args[used++], { flags, precision, verb });
    return Number(width) > MAX_WIDTH ? `%!(BADWIDTH)${shown}` : pad(shown, flags, Number(width));
  });
  const extra = args.slice(used).map((value) => `${typeNameOf(value)}=${formatValue(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  const [sign = ''] = /^[+-](?=\d)/.exec(text) ?? [];
  if (!flags.includes('0') || !/^[+-]?\d/.test(text)) return text.padStart(width);
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function formatVerb(value: unknown, directive: Directive): string {
  const { verb } = directive;
  if (verb === 'T') return typeNameOf(value);
  if (verb === 'v') return typeof value === 'string' ? cut(value, directive) : formatValue(value);
  if (Array.isArray(value)) return `[${value.map((each) => formatVerb(each, directive)).join(' ')}]`;
  const text =
    typeof value === 'string'
      ? formatText(value, directive)
      : typeof value === 'number'
        ? formatNumber(value, directive)
        : verb === 't' && typeof value === 'boolean'
          ? String(value)
          : undefined;
  return text ?? `%!${verb}(${value === null ? '' : `${typeNameOf(value)}=`}${formatValue(value)})`;
}

function cut(text: string, { precision }: Directive): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('');
}

function formatText(text: string, directive: Directive): string | undefined {
  switch (directive.verb) {
    case 's':
      return cut(text, directive);
    case 'q':
      return quote(cut(text, directive));
    case 'x':
      return Buffer.from(text).toString('hex');
    case 'X':
      return Buffer.from(text).toString('hex').toUpperCase();
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, number>> = { d: 10, x: 16, X: 16, o: 8, b: 2 };

function formatNumber(value: number, { flags, precision = 6, verb }: Directive): string | undefined {
  const sign = value >= 0 && flags.includes('+') ? '+' : '';
  const base = BASES[verb];
  if (base !== undefined) {
    if (!Number.isInteger(value)) return undefined;
    const digits = value.toString(base);
    return sign + (verb === 'X' ? digits.toUpperCase() : digits);
  }
  const places = Math.min(precision, MAX_FRACTION);
  switch (verb) {
    case 'f':
    case 'F':
      return sign + value.toFixed(places);
    case 'e':
    case 'E': {
      const text = value.toExponential(places).replace(/e([+-])(\d)$/, 'e$10$2');
      return sign + (verb === 'E' ? text.toUpperCase() : text);
    }
    case 'g':
      return sign + String(value);
    default:
      return undefined;
  }
}
