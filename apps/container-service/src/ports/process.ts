import type { TerminalSize } from '../container-config.ts';

/** How a process ended. */
export interface ProcessExit {
  /** 128 + signal when a signal ended it. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly timeNs: bigint;
  /** Why the exit code is not known; empty when it is. */
  readonly error: string;
}

/** A piece of output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** A place in a container's log, between two records. */
export interface LogPosition {
  /** Bytes of the log before it, those in files that are gone too. */
  readonly totalBytes: number;
  /** Bytes of its file before it. */
  readonly offsetBytes: number;
  /** The first 30 bytes of its file, the time of its first record. */
  readonly file: string;
}

/** Output that a client was too slow for: it is in the container's log. */
export interface OutputGap {
  readonly stream: 'log';
  readonly from: LogPosition;
  /** Null: to the end of the log, whose writer is gone. */
  readonly to: LogPosition | null;
}

/** Output that a client was too slow for, and that the log has no more. */
export interface LostOutput {
  readonly stream: 'lost';
  /** Of the log, with the times in it. */
  readonly bytes: number;
}

/** A connection to the keeper of a process. Closing it leaves the process alone. */
export interface ProcessConnection {
  /** What came before `exited`, in order. Ends when the connection does. One consumer. */
  readonly output: AsyncIterable<OutputChunk | OutputGap>;
  /** Resolves after the last output was consumed; rejects when the connection ends before the process. */
  readonly exited: Promise<ProcessExit>;
  /** Writes to stdin; resolves when more can be taken. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: TerminalSize): void;
  signal(number: number): void;
  /** Sends SIGKILL to every process of the container. */
  killAll(): void;
  close(): void;
}

/** A process that has just started. */
export interface StartedProcess {
  readonly connection: ProcessConnection;
  readonly pid: number;
  readonly startTimeNs: bigint;
  /** How long each step took. */
  readonly timings: readonly { readonly step: string; readonly nanos: bigint }[];
}

/**
 * What the disk says about a process. `running`: its keeper watches it. `orphaned`: it lives, and its keeper does not. `exited`: it ended,
 * and how is known. `starting`: its keeper is not done. `lost`: it ended, or never ran, and nobody knows how.
 */
export type ProcessState =
  | { readonly state: 'starting' | 'lost' }
  | { readonly state: 'running' | 'orphaned'; readonly pid: number; readonly startTimeNs: bigint }
  | { readonly state: 'exited'; readonly startTimeNs: bigint; readonly exit: ProcessExit };

/** A process that has a container's file system as its root. */
export interface ContainerProcess {
  readonly pid: number;
  /** Its start time, which tells it from another with the same pid; null: whoever asks keeps it alive. */
  readonly startTicks: bigint | null;
}
