import { readConfigFile } from '../config-file.ts';
import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';
import { shortId } from '../format/text.ts';
import { parseImageFilters, referenceFilter } from '../image/image-filter.ts';
import { imageFormat, imageNames, imageRow } from '../image/image-rows.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  args: { atMost: 1 },
  options: {
    // No image here is only a step in the making of another, so nothing is hidden without it.
    all: { kind: 'flag', short: 'a', help: 'Show all images (default hides intermediate images)' },
    digests: { kind: 'flag', help: 'Show digests' },
    filter: { kind: 'list', short: 'f', valueName: 'filter', help: 'Filter output based on conditions provided' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    'no-trunc': { kind: 'flag', help: "Don't truncate output" },
    quiet: { kind: 'flag', short: 'q', help: 'Only show image IDs' },
  },
  async run(context, { options, args: [pattern] }) {
    const isWanted = parseImageFilters(options.filter);
    const isNamed = pattern === undefined ? () => true : referenceFilter(pattern);
    using client = connectImages(context);
    const { images } = await client.calls.listImages({}, { signal: context.signal });
    const shown = images.flatMap((image) =>
      imageNames(image, options.digests)
        .filter((name) => isWanted(image, name) && isNamed(image, name))
        .map((name) => ({ image, name })),
    );
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
