import { CliError } from '../cli-error.ts';

/** The ports of `--expose`: `80`, `80/udp`, `8000-8010/tcp`, as `80/tcp` each. Throws CliError. */
export function exposedPorts(texts: readonly string[]): string[] {
  return texts.flatMap(parseRange);
}

function parseRange(text: string): string[] {
  const [range = '', protocol = 'tcp'] = text.split('/', 2);
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (text.includes(':') || text.split('/').length > 2) {
    throw new CliError(`invalid port format for --expose: ${text}`, 125);
  }
  if (first === undefined || start > 65_535 || end > 65_535 || start > end) {
    throw new CliError(`invalid range format for --expose: ${text}`, 125);
  }
  const lower = protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(lower)) throw new CliError(`invalid proto: ${protocol}`, 125);
  return Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${lower}`);
}
