import { ChangeKind } from '@berth/proto/container';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

const LETTERS: Record<ChangeKind, string> = {
  [ChangeKind.UNSPECIFIED]: '?',
  [ChangeKind.CHANGED]: 'C',
  [ChangeKind.ADDED]: 'A',
  [ChangeKind.DELETED]: 'D',
};

export const command = defineCommand({
  usage: 'CONTAINER',
  args: { exactly: 1 },
  options: {},
  async run(context, { args: [container = ''] }) {
    using containers = connectContainers(context);
    const { changes } = await containers.calls.diffContainer({ container }, { signal: context.signal });
    context.stdout.write(changes.map(({ kind, path }) => `${LETTERS[kind]} ${path}\n`).join(''));
    return 0;
  },
});
