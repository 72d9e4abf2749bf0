import { LogForm, type LogEntry } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { getContainer } from '../container/get-container.ts';
import { connectContainers } from '../engine/containers.ts';
import { parseLogTime } from '../format/log-time.ts';
import { formatUtcNano } from '../format/go-time.ts';
import { logDetails } from '../logs/log-details.ts';
import { writeAll } from '../write-all.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  args: { exactly: 1 },
  options: {
    details: { kind: 'flag', help: 'Show extra details provided to logs' },
    follow: { kind: 'flag', short: 'f', help: 'Follow log output' },
    since: {
      kind: 'string',
      help: 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
    tail: {
      kind: 'string',
      short: 'n',
      help: 'Number of lines to show from the end of the logs',
      defaultText: '"all"',
    },
    timestamps: { kind: 'flag', short: 't', help: 'Show timestamps' },
    until: {
      kind: 'string',
      help: 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
  },
  async run(context, { options, args: [container = ''] }) {
    using containers = connectContainers(context);
    const now = new Date();
    const request = {
      container,
      follow: options.follow,
      tail: parseTail(options.tail),
      since: options.since ? parseLogTime('since', options.since, now) : undefined,
      until: options.until ? parseLogTime('until', options.until, now) : undefined,
      form: toForm(options),
    };
    const details = options.details ? logDetails(await getContainer(containers, container)) : null;
    const format = createFormatter(options.timestamps, details);
    for await (const { entries } of containers.client.readLogs(request, { signal: context.signal })) {
      for (const entry of entries) await writeAll(entry.stderr ? context.stderr : context.stdout, format(entry));
    }
    return 0;
  },
});

/** Docker takes anything that is no number for all. */
function parseTail(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '' || text === 'all') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new CliError(`Error response from daemon: invalid value for tail: ${text}`);
  const lines = BigInt(text);
  return lines < 0n ? undefined : lines;
}

/** As much as can be written as it comes: only details, which stand behind the time, need each line. */
function toForm({ timestamps, details }: { timestamps: boolean; details: boolean }): LogForm {
  if (details) return LogForm.UNSPECIFIED;
  return timestamps ? LogForm.TIMED_TEXT : LogForm.TEXT;
}

/** An entry as it is printed; without details it comes so. */
function createFormatter(timestamps: boolean, details: string | null) {
  let atLineStart = true;
  return ({ time, data }: LogEntry): Uint8Array => {
    if (details === null) return data;
    const prefix = `${timestamps && time ? `${formatUtcNano(time)} ` : ''}${details} `;
    const line = atLineStart ? Buffer.concat([Buffer.from(prefix), data]) : data;
    atLineStart = data.at(-1) === 0x0a;
    return line;
  };
}
