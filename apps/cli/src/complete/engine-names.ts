import { familiarReference, parseReference } from '@berth/oci';
import { stateName } from '../container/container-row.ts';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';
import { connectVolumes } from '../engine/volumes.ts';
import type { Names } from './list-candidates.ts';

/** The names of what an engine has. */
export function engineNames(context: CommandContext): Names {
  const { signal } = context;
  return {
    async containers() {
      using containers = connectContainers(context);
      const answer = await containers.client.listContainers({ all: true }, { signal });
      return answer.containers.map(({ name, status }) => ({ name, state: stateName(status) }));
    },
    async images() {
      using images = connectImages(context);
      const answer = await images.client.listImages({ omitConfig: true }, { signal });
      return answer.images.flatMap(({ tags }) => tags.map((tag) => familiarReference(parseReference(tag))));
    },
    async networks() {
      using containers = connectContainers(context);
      return (await containers.client.listNetworks({}, { signal })).networks.map(({ name }) => name);
    },
    async volumes() {
      using volumes = connectVolumes(context);
      return (await volumes.client.listVolumes({}, { signal })).volumes.map(({ name }) => name);
    },
  };
}
