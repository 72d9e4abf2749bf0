import { readConfigFile } from '../config-file.ts';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';
import { shortId } from '../format/text.ts';
import { imageFormat, imageNames, imageRow } from '../image/image-rows.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  args: { atMost: 1 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Show all images (default hides intermediate images)' },
    digests: { kind: 'flag', help: 'Show digests' },
    filter: { ...filterOption('Filter output based on conditions provided'), short: 'f' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    'no-trunc': { kind: 'flag', help: "Don't truncate output" },
    quiet: { kind: 'flag', short: 'q', help: 'Only show image IDs' },
  },
  async run(context, { options, args: [pattern] }) {
    const named = pattern === undefined ? [] : [{ key: 'reference', value: pattern }];
    const filters = [...parseFilterOptions(options.filter), ...named];
    using client = connectImages(context);
    const query = { all: options.all, filters, omitConfig: true };
    const { images } = await client.client.listImages(query, { signal: context.signal });
    const shown = images.flatMap((image) => imageNames(image, options.digests).map((name) => ({ image, name })));
    const noTrunc = options['no-trunc'];
    if (options.quiet) {
      context.stdout.write(shown.map(({ image: { id } }) => `${noTrunc ? id : shortId(id)}\n`).join(''));
      return 0;
    }
    const nowMs = Date.now();
    const rows = shown.map(({ image, name }) => imageRow(image, name, { noTrunc, nowMs }));
    context.stdout.write(
      formatRows(rows, options.format ?? readConfigFile(context).imagesFormat, imageFormat(options.digests)),
    );
    return 0;
  },
});
