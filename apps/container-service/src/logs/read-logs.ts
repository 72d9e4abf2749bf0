import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import type { ActiveContainers } from '../active-containers.ts';
import { isActive } from '../container.ts';
import { serviceStopsError } from '../follow-process.ts';
import { findContainer } from '../find-container.ts';
import type { ContainerFiles } from '../ports/files.ts';
import type { ContainerStore } from '../ports/stores.ts';
import { createLogAssembler, type LineCollector, type LogAssembler, type LogRange } from './log-assembler.ts';
import { collectEntries } from './log-entries.ts';
import { findTail, inodeOf, openLogFiles, type LogFile, type LogPosition } from './log-files.ts';
import type { LogEntry } from './log-record.ts';
import { collectText, type LogText } from './log-text.ts';

/** What reading logs needs. */
export interface ReadLogsDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly actives: ActiveContainers;
  /** Aborted when the service stops: whoever follows a log is told so. */
  readonly signal: AbortSignal;
}

/** How to read. */
export interface ReadLogsOptions extends LogRange {
  /** Stay until the container has ended; with an end of the range, until the first line after it. */
  readonly follow: boolean;
  /** Only so many lines from the end; null: all. */
  readonly tail: number | null;
  readonly signal: AbortSignal;
}

/** Reads the logs of containers, oldest first, in batches. */
export interface LogReader {
  /** Each line with its time. */
  entries(reference: string, options: ReadLogsOptions): AsyncGenerator<LogEntry[], void, undefined>;
  /** Text, several times as fast; with `timestamps` each line begins with its time. */
  text(
    reference: string,
    options: ReadLogsOptions & { readonly timestamps: boolean },
  ): AsyncGenerator<LogText[], void, undefined>;
}

/** The entries of one block are a batch; those of a larger one outlive the young generation, and collecting them took 38 % of the time. */
const BLOCK_BYTES = 64 * 1024;
const POLL_MS = 200;

/** A reader of all logs. */
export function createLogReader({ store, files, actives, signal: stopping }: ReadLogsDeps): LogReader {
  async function* read<Item>(
    reference: string,
    { follow, tail, signal, ...range }: ReadLogsOptions,
    collector: LineCollector<Item>,
  ): AsyncGenerator<Item[], void, undefined> {
    const container = findContainer(store, reference);
    if (container.config.logConfig.driver === 'none') {
      throw new BerthError('LOG_NOT_READABLE', 'configured logging driver does not support reading');
    }
    const { log } = files.paths(container.id);
    const opened = await openLogFiles(log);
    const assembler = createLogAssembler(range, collector);
    try {
      const start = tail === null ? { file: 0, offset: 0 } : await findTail(opened, tail);
      const end = yield* readAll(opened, start, assembler);
      const pending = assembler.flush();
      if (pending.length > 0) yield pending;
      if (!follow || assembler.isPast()) return;
      const current = opened.at(-1) ?? null;
      const either = AbortSignal.any([signal, stopping]);
      const followed = { path: log, opened, current, offset: end, assembler, signal: either };
      yield* followLog({ ...followed, isOver: isOver(container.id) });
      if (stopping.aborted) throw serviceStopsError();
    } finally {
      await Promise.all(opened.map(({ handle }) => handle.close()));
    }
  }

  /** Over once the container's last run is recorded: its keeper writes the log before it tells of the exit. */
  function isOver(id: string): () => boolean {
    return () => {
      const container = store.get(id);
      return container === null || !isActive(container) || actives.get(id) === null;
    };
  }

  return {
    entries: (reference, options) => read(reference, options, collectEntries()),
    text: (reference, { timestamps, ...options }) => read(reference, options, collectText(timestamps)),
  };
}

async function* readAll<Item>(
  opened: readonly LogFile[],
  start: LogPosition,
  assembler: LogAssembler<Item>,
): AsyncGenerator<Item[], number, undefined> {
  let offset = 0;
  for (const [index, file] of opened.entries()) {
    if (index < start.file) continue;
    offset = yield* readFrom(file, index === start.file ? start.offset : 0, assembler);
  }
  return offset;
}

/** Reads a file to its end, or past the end of the range, and returns where that is. */
async function* readFrom<Item>(
  { handle }: LogFile,
  offset: number,
  assembler: LogAssembler<Item>,
): AsyncGenerator<Item[], number, undefined> {
  for (let position = offset; ;) {
    if (assembler.isPast()) return position;
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, position);
    if (bytesRead === 0) return position;
    position += bytesRead;
    const items = assembler.push(block.subarray(0, bytesRead));
    if (items.length > 0) yield items;
  }
}

interface FollowedLog<Item> {
  readonly path: string;
  /** Those that are open, for the caller to close in the end. */
  readonly opened: LogFile[];
  current: LogFile | null;
  offset: number;
  readonly assembler: LogAssembler<Item>;
  readonly signal: AbortSignal;
  readonly isOver: () => boolean;
}

/** Yields what is written to a log until the container has ended, or the range. */
async function* followLog<Item>(log: FollowedLog<Item>): AsyncGenerator<Item[], void, undefined> {
  using changes = watchForChanges(log.path);
  while (!log.signal.aborted) {
    // Asked before reading: what is written before the end is then read after it.
    const over = log.isOver();
    yield* readOn(log);
    const pending = log.assembler.flush();
    if (pending.length > 0) yield pending;
    if (over || log.assembler.isPast()) return;
    await changes.next(log.signal);
  }
}

/** Reads to the end of the current file, and of those that came after it meanwhile. */
async function* readOn<Item>(log: FollowedLog<Item>): AsyncGenerator<Item[], void, undefined> {
  do {
    // Asked before reading: once there is a newer file, nothing is added to this one.
    const inode = await inodeOf(log.path);
    if (log.current !== null) log.offset = yield* readFrom(log.current, log.offset, log.assembler);
    if (inode === null || inode === log.current?.inode) return;
  } while (await moveOn(log));
}

/** Goes to the file after the current one; false when there is none. No other stays open: what is rotated away would keep its room on the disk. */
async function moveOn<Item>(log: FollowedLog<Item>): Promise<boolean> {
  const files = await openLogFiles(log.path);
  const next = files[files.findIndex((file) => file.inode === log.current?.inode) + 1] ?? null;
  const kept = next ?? log.current;
  const all = [...log.opened, ...files];
  log.opened.splice(0, log.opened.length, ...all.filter((file) => file === kept));
  await Promise.all(all.filter((file) => file !== kept).map(({ handle }) => handle.close()));
  if (next === null) return false;
  log.current = next;
  log.offset = 0;
  return true;
}

interface Changes extends Disposable {
  /** Resolves when something may have changed: soon after it did, and now and then without a reason. */
  next(signal: AbortSignal): Promise<void>;
}

/** The kernel tells of changes; the poll covers what it may not tell: a log that does not exist yet, the end of the container. */
function watchForChanges(path: string): Changes {
  let wake = (): void => {};
  let changed = false;
  const watcher = startWatcher(path, () => {
    changed = true;
    wake();
  });

  return {
    async next(signal) {
      if (!changed) {
        const change = Promise.withResolvers<void>();
        wake = change.resolve;
        const timer = new AbortController();
        const poll = sleep(POLL_MS, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => {});
        await Promise.race([change.promise, poll]);
        timer.abort();
      }
      changed = false;
    },
    [Symbol.dispose]: () => watcher?.close(),
  };
}

function startWatcher(path: string, onChange: () => void): { close(): void } | null {
  try {
    const watcher = watch(dirname(path), { persistent: false }, onChange);
    watcher.on('error', () => {});
    return watcher;
  } catch {
    return null;
  }
}
