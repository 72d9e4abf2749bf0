import type { ImportVolumeRequest } from '@berth/proto/volume';
import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { openArchive } from '../image/open-archive.ts';

export const command = defineCommand({
  usage: 'VOLUME file|-',
  args: { exactly: 2 },
  options: {},
  async run(context, { args: [name = '', source = ''] }) {
    const archive = await openArchive(context, source);
    async function* requests(): AsyncGenerator<ImportVolumeRequest> {
      yield { part: { $case: 'start', value: { name } } };
      for await (const data of archive) yield { part: { $case: 'data', value: data as Buffer } };
    }
    using volumes = connectVolumes(context);
    const { volume } = await volumes.client.importVolume(requests(), { signal: context.signal });
    context.stdout.write(`${volume?.name ?? name}\n`);
    return 0;
  },
});
