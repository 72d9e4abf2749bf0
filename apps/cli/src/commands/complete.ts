import { defineCommand } from '../command.ts';
import { engineNames } from '../complete/engine-names.ts';
import { listCandidates } from '../complete/list-candidates.ts';

export const command = defineCommand({
  usage: '-- WORD [WORD...]',
  args: { atLeast: 1 },
  options: {},
  async run(context, { args }) {
    // Whoever types is not told that there is no engine: then it has no names.
    const candidates = await listCandidates(args, engineNames(context)).catch(() => []);
    context.stdout.write(candidates.map(({ word, help }) => `${word}${help ? `\t${help}` : ''}\n`).join(''));
    return 0;
  },
});
