import type { LogEntry } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { parseLogTime } from '../format/log-time.ts';
import { formatUtcNano } from '../format/go-time.ts';
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
      since: options.since ? parseLogTime(options.since, now) : undefined,
      until: options.until ? parseLogTime(options.until, now) : undefined,
    };
    const print = createPrinter(context, options);
    for await (const { entries } of containers.client.readLogs(request, { signal: context.signal })) {
      await print(entries);
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

/** Writes entries to the stream that they came from, in few writes: runs of the same stream together. */
function createPrinter(
  { stdout, stderr }: CommandContext,
  { timestamps, details }: { timestamps: boolean; details: boolean },
): (entries: LogEntry[]) => Promise<void> {
  let atLineStart = true;
  return async (entries) => {
    for (let first = 0; first < entries.length;) {
      const toStderr = entries[first]?.stderr ?? false;
      const parts: Uint8Array[] = [];
      let next = first;
      for (; next < entries.length && entries[next]?.stderr === toStderr; next++) {
        const { time, data } = entries[next] as LogEntry;
        if (timestamps && atLineStart && time) parts.push(Buffer.from(`${formatUtcNano(time)} `));
        // No log has details; Docker leaves their place in the line.
        if (details && atLineStart) parts.push(Buffer.from(' '));
        parts.push(data);
        atLineStart = data.at(-1) === 0x0a;
      }
      await writeAll(toStderr ? stderr : stdout, parts.length === 1 ? (parts[0] ?? '') : Buffer.concat(parts));
      first = next;
    }
  };
}
