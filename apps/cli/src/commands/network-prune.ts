import { definePrune } from '../prune/define-prune.ts';
import { pruneNetworks } from '../prune/prune-networks.ts';
import { stepText } from '../prune/pruned.ts';

export const command = definePrune({
  warning: 'WARNING! This will remove all custom networks not used by at least one container.',
  run: async (context, filters) => stepText(await pruneNetworks(context, filters)),
});
