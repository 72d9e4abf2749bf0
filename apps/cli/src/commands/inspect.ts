import { BerthError } from '@berth/errors';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { findContainer, findImage, findNetwork, findVolume } from '../inspect/find-objects.ts';
import { runInspect, type FindObject } from '../inspect/run-inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  args: { atLeast: 1 },
  options: {
    format: { kind: 'string', short: 'f', help: FORMAT_HELP.object },
    size: { kind: 'flag', short: 's', help: 'Display total file sizes if the type is container' },
    type: { kind: 'string', help: 'Only inspect objects of the given type' },
  },
  async run(context, { options: { format, size, type }, args }) {
    using containers = connectContainers(context);
    using images = connectImages(context);
    using volumes = connectVolumes(context);
    const finders: Record<string, FindObject> = {
      container: findContainer(containers, size),
      image: findImage(images),
      network: findNetwork(containers),
      volume: findVolume(volumes),
    };
    if (type === undefined) return await runInspect(context, args, format, findAny(Object.values(finders)));
    const find = Object.hasOwn(finders, type) ? finders[type] : undefined;
    if (!find) throw new CliError(`unknown type: "${type}": must be one of "container", "image", "network", "volume"`);
    return await runInspect(context, args, format, find);
  },
});

/** Tries one kind of object after another. Only that there is none leads on to the next. */
function findAny(finders: FindObject[]): FindObject {
  return async (name) => {
    for (const find of finders) {
      try {
        return await find(name);
      } catch (error) {
        // A name of one kind may be malformed as one of another.
        const isElsewhere = error instanceof BerthError && ['not_found', 'invalid_argument'].includes(error.kind);
        if (!isElsewhere) throw error;
      }
    }
    throw new CliError(`Error: No such object: ${name}`);
  };
}
