import type { CommandContext } from '../context.ts';

/** Asks for a yes on stdin, as Docker does before it prunes, and tells whether it came. A no is no error. */
export async function confirm({ stdin, stdout }: CommandContext, warning: string): Promise<boolean> {
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const answer = await readLine(stdin);
  return answer.trim().toLowerCase() === 'y';
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
