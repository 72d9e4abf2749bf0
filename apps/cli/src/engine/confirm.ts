import type { CommandContext } from '../context.ts';
import { CliError } from '../cli-error.ts';

/** Asks for a yes on stdin, as Docker does before it prunes. Throws a CliError for anything else. */
export async function confirm({ stdin, stdout }: CommandContext, warning: string): Promise<void> {
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const answer = await readLine(stdin);
  if (answer.trim().toLowerCase() !== 'y') throw new CliError('operation cancelled');
}

/** The first line, without its end; what there is when the input ends before. */
async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}
