import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { forEachObject } from '../engine/for-each.ts';

/** `stop` and `restart`: the same words, another call. */
export function defineStopCommand(call: 'stopContainer' | 'restartContainer') {
  return defineCommand({
    usage: '[OPTIONS] CONTAINER [CONTAINER...]',
    args: { atLeast: 1 },
    options: {
      signal: { kind: 'string', short: 's', help: 'Signal to send to the container' },
      time: { kind: 'int', aliasOf: 'timeout', hidden: true, help: '' },
      timeout: { kind: 'int', short: 't', help: 'Seconds to wait before killing the container' },
    },
    async run(context, { options, args }) {
      using containers = connectContainers(context);
      const how = { signal: options.signal ?? '', timeoutSeconds: options.timeout };
      return await forEachObject(context, args, async (container) => {
        await containers.client[call]({ container, ...how }, { signal: context.signal });
        return container;
      });
    },
  });
}
