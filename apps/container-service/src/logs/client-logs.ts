import type { ContainerFiles } from '../ports/files.ts';
import type { LostOutput, OutputChunk, OutputGap } from '../ports/process.ts';
import { openLogFiles, type LogFile } from './log-files.ts';
import { readGap } from './read-gap.ts';

/** The logs of containers that have clients, who may lack output that only the log has. */
export interface ClientLogs {
  /** A client's view of the log of a container. */
  open(containerId: string): ClientLog;
  /** Keeps the log of a container, whose files are about to be removed, as long as it has clients. */
  keep(containerId: string): Promise<void>;
}

/** Disposed of when the client goes. */
export interface ClientLog extends AsyncDisposable {
  readGap(gap: OutputGap): AsyncGenerator<OutputChunk | LostOutput, void, undefined>;
}

/** What the clients of a container share. */
interface SharedLog {
  clients: number;
  /** Null as long as the container has its files. */
  kept: Promise<LogFile[]> | null;
}

/** Those of all containers. */
export function createClientLogs({ files }: { readonly files: ContainerFiles }): ClientLogs {
  const logs = new Map<string, SharedLog>();

  async function* read(
    id: string,
    { kept }: SharedLog,
    gap: OutputGap,
  ): AsyncGenerator<OutputChunk | LostOutput, void, undefined> {
    if (kept !== null) return yield* readGap(await kept, gap);
    const opened = await openLogFiles(files.paths(id).log);
    try {
      yield* readGap(opened, gap);
    } finally {
      await closeAll(opened);
    }
  }

  return {
    open(id) {
      const shared = logs.get(id) ?? { clients: 0, kept: null };
      logs.set(id, shared);
      shared.clients++;
      return {
        readGap: (gap) => read(id, shared, gap),
        async [Symbol.asyncDispose]() {
          if (--shared.clients > 0) return;
          if (logs.get(id) === shared) logs.delete(id);
          if (shared.kept !== null) await closeAll(await shared.kept);
        },
      };
    },
    async keep(id) {
      const shared = logs.get(id);
      if (shared === undefined) return;
      shared.kept ??= openLogFiles(files.paths(id).log);
      await shared.kept;
    },
  };
}

async function closeAll(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}
