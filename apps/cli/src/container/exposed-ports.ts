import { CliError } from '../cli-error.ts';

/** The ports of `--expose`: `80`, `80/udp`, `8000-8010/tcp`, as `80/tcp` each. Throws CliError. */
export function exposedPorts(texts: readonly string[]): string[] {
  return texts.flatMap(parseRange);
}

function parseRange(text: string): string[] {
  const [range = '', protocol = 'tcp'] = text.split('/', 2);
  if (text.includes(':') || text.split('/').length > 2) {
    throw new CliError(`invalid port format for --expose: ${text}`, 125);
  }
  const [start, end] = parseBounds(range, text);
  const lower = protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(lower)) throw new CliError(`invalid proto: ${protocol}`, 125);
  return Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${lower}`);
}

/** The first and the last port, with the complaints of Go's nat package. */
function parseBounds(range: string, text: string): [number, number] {
  const fail = (problem: string): never => {
    throw new CliError(`invalid range format for --expose: ${text}, error: ${problem}`, 125);
  };
  if (range === '') return fail('empty string specified for ports.');
  const dash = range.indexOf('-');
  const words = dash === -1 ? [range] : [range.slice(0, dash), range.slice(dash + 1)];
  const [start = 0, end = start] = words.map((word) => {
    if (!/^\d+$/.test(word)) return fail(`strconv.ParseUint: parsing ${JSON.stringify(word)}: invalid syntax`);
    if (Number(word) > 65_535) return fail(`strconv.ParseUint: parsing ${JSON.stringify(word)}: value out of range`);
    return Number(word);
  });
  return end < start ? fail(`invalid range specified for port: ${range}`) : [start, end];
}
