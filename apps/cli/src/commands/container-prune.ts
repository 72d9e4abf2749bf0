import { definePrune } from '../prune/define-prune.ts';
import { pruneContainers } from '../prune/prune-containers.ts';
import { prunedText } from '../prune/pruned.ts';

export const command = definePrune({
  warning: 'WARNING! This will remove all stopped containers.',
  run: async (context, filters) => prunedText(await pruneContainers(context, filters)),
});
