import type { ImportImageRequest } from '@berth/proto/image';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { applyChanges } from '../image/config-changes.ts';
import { openArchive } from '../image/open-archive.ts';

export const command = defineCommand({
  usage: '[OPTIONS] file|- [REPOSITORY[:TAG]]',
  args: { atLeast: 1 },
  options: {
    change: { kind: 'list', short: 'c', help: 'Apply Dockerfile instruction to the created image' },
    message: { kind: 'string', short: 'm', help: 'Set commit message for imported image' },
    platform: { kind: 'string', help: 'Set platform if server is multi-platform capable' },
  },
  async run(context, { options, args: [source = '', reference = ''] }) {
    const start = {
      reference,
      config: Buffer.from(JSON.stringify(applyChanges(options.change))),
      message: options.message ?? '',
      platform: options.platform ?? '',
    };
    const archive = await openArchive(context, source);
    async function* requests(): AsyncGenerator<ImportImageRequest> {
      yield { part: { $case: 'start', value: start } };
      for await (const data of archive) yield { part: { $case: 'data', value: data as Buffer } };
    }
    using images = connectImages(context);
    const { image } = await images.client.importImage(requests(), { signal: context.signal });
    context.stdout.write(`${image?.id ?? ''}\n`);
    return 0;
  },
});
