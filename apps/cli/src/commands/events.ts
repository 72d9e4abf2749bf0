import { resolvePaths } from '@berth/client/engine-paths';
import type { Event } from '@berth/proto/event';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { eventFields, eventJson, eventLine } from '../events/format-event.ts';
import type { EventSource } from '../events/event-source.ts';
import { parseEventFilters } from '../events/event-filter.ts';
import { parseTimeOption } from '../format/time-option.ts';
import { filterOption } from '../options/filter-options.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { unescape } from '../format/rows.ts';
import { compileTemplate, TemplateError } from '../template/template.ts';
import { writeAll } from '../write-all.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { ...filterOption('Filter output based on conditions provided'), short: 'f' },
    format: { kind: 'string', help: FORMAT_HELP.object },
    since: { kind: 'string', help: 'Show all events created since timestamp' },
    until: { kind: 'string', help: 'Stream events until this timestamp' },
  },
  async run(context, { options }) {
    const format = compileFormat(options.format);
    const isWanted = parseEventFilters(options.filter);
    const now = new Date();
    const range = {
      ...(options.since === undefined ? {} : { since: parseTimeOption(options.since, now) }),
      ...(options.until === undefined ? {} : { until: parseTimeOption(options.until, now) }),
    };
    const source = await connect(context);
    try {
      for await (const event of source.read({ ...range, signal: context.signal })) {
        if (isWanted(event)) await writeAll(context.stdout, `${format(event)}\n`);
      }
      context.signal.throwIfAborted();
    } finally {
      await source.close();
    }
    return 0;
  },
});

const BAD_FORMAT = 64;

function compileFormat(format: string | undefined): (event: Event) => string {
  if (!format) return eventLine;
  if (format === 'json' || format === '{{json .}}') return eventJson;
  try {
    const render = compileTemplate(unescape(format));
    return (event) => {
      try {
        return render(eventFields(event));
      } catch (error) {
        throw error instanceof TemplateError ? new CliError(error.message) : error;
      }
    };
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`Error parsing format: ${error.message}`, BAD_FORMAT);
    throw error;
  }
}

async function connect({ env }: CommandContext): Promise<EventSource> {
  const { natsFile } = resolvePaths(env);
  const { openEventSource } = await import('../events/event-source.ts');
  try {
    return await openEventSource(natsFile);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? `there is no ${natsFile}` : (error as Error).message;
    throw new CliError(`Cannot connect to the Berth engine's event stream: ${reason}. Is the engine running?`);
  }
}
