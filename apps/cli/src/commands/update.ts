import { defineCommand } from '../command.ts';
import { RESTART_OPTIONS, restartPolicy } from '../container/options/restart.ts';
import { UPDATE_OPTIONS, updateResources } from '../container/resource-options.ts';
import { CliError } from '../cli-error.ts';
import { connectContainers } from '../engine/containers.ts';
import { forEachObject } from '../engine/for-each.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {
    ...UPDATE_OPTIONS,
    restart: { ...RESTART_OPTIONS.restart, defaultText: '' },
  },
  async run(context, { options, args, given }) {
    if (given.size === 0) throw new CliError('you must provide one or more flags when using this command');
    const update = { restartPolicy: restartPolicy(options), resources: updateResources(options) };
    const warnings: string[] = [];
    using containers = connectContainers(context);
    try {
      return await forEachObject(context, args, async (container) => {
        const answer = await containers.client.updateContainer({ container, ...update }, { signal: context.signal });
        warnings.push(...answer.warnings);
        return container;
      });
    } finally {
      for (const warning of warnings) context.stdout.write(`${warning}\n`);
    }
  },
});
