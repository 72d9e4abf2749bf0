import { Exited, Follow, LogPosition as PositionMessage, Resize, Signal } from '@berth/proto/native';
import { join } from 'node:path';
import { FRAME, type Frame } from './frame.ts';
import type { FrameChannel } from './frame-channel.ts';
import { createOutputQueue, STALL_MS, type LogPosition, type OutputChunk, type OutputGap } from './output-queue.ts';
import type { ProcessExit } from './record.ts';
import { sendRequest } from './request.ts';
import { traceNative } from './trace.ts';

/** A process that was started. */
export interface StartedProcess {
  readonly pid: number;
  readonly keeperPid: number;
  readonly startedUnixNanos: bigint;
  /** What each step of the start took, in order; empty when attached later. */
  readonly timings: readonly StepTiming[];
}

export interface StepTiming {
  readonly step: string;
  readonly nanos: bigint;
}

/** A client's view of a process, over a connection to its keeper. The process goes on when the connection is closed. */
export interface RunningProcess {
  readonly started: StartedProcess;
  /**
   * The output from the moment of attaching, for one consumer. Whoever asked for output must consume it (or abandon the iteration), since
   * the exit comes behind it on the same connection. What a consumer does not take in time is a gap, which it finds in the log. Without a log
   * an exec waits for it, and from a container it is cut off.
   */
  readonly output: AsyncIterable<OutputChunk | OutputGap>;
  /**
   * How it ended, after all of its output. Null when the connection ended first: closed here, cut off as too slow, or the keeper is gone.
   * Its record may tell the exit then, but output may be missing.
   */
  readonly exited: Promise<ProcessExit | null>;
  /** Resolves when the bytes are on their way; a process without a stdin takes and ignores them. */
  write(data: Uint8Array): Promise<void>;
  /** Ends stdin, where the plan says that one client's end ends it. */
  endInput(): Promise<void>;
  resize(rows: number, columns: number): Promise<void>;
  /** Sends a signal, or with `all` SIGKILL to every process of the container; also when this connection is stuck or closed. */
  signal(number: number, options?: { all: boolean }): Promise<void>;
  close(): void;
}

/** Stdin goes in frames of at most this size. */
const INPUT_FRAME_MAX = 256 * 1024;

/** What is known of a process from its start. */
export interface ProcessPlaces {
  readonly stateDir: string;
  /** False: what its reader does not take in time is nowhere else. True also when it is not known. */
  readonly hasLog: boolean;
  /** The number that the keeper knows us by. */
  readonly client: number;
}

/** That of who starts a process. */
export const FIRST_CLIENT = 1;

/** Takes a channel on which the keeper has answered Started or Done. */
export function createRunningProcess(
  channel: FrameChannel,
  started: StartedProcess,
  { stateDir, hasLog, client }: ProcessPlaces,
): RunningProcess {
  /** On a connection of its own; a keeper that has all the clients it can have takes it on this one. */
  const send = (type: number, payload: Uint8Array): Promise<void> =>
    sendApart(stateDir, type, payload).catch(() => channel.send(type, payload));
  const source = {
    pause: channel.pause,
    resume: channel.resume,
    // A keeper that has ended has told all that there is.
    follow: (wanted: boolean) =>
      void send(FRAME.follow, Follow.encode({ output: wanted, client }).finish()).catch(() => {}),
  };
  const output = createOutputQueue(source, hasLog ? STALL_MS : null);
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit | null>();

  function onFrame({ type, payload }: Frame): void {
    if (type === FRAME.stdout) output.push({ stream: 'stdout', data: payload });
    else if (type === FRAME.stderr) output.push({ stream: 'stderr', data: payload });
    else if (type === FRAME.logPosition) output.pushPosition(parsePosition(payload));
    else if (type === FRAME.exited) {
      const exit = Exited.decode(payload);
      traceNative('exited', { pid: started.pid, ...exit });
      resolve(exit);
    }
  }

  channel.listen({
    onFrame,
    onEnd() {
      output.end();
      resolve(null);
    },
  });

  return {
    started,
    output,
    exited,
    async write(data) {
      for (let at = 0; at < data.length; at += INPUT_FRAME_MAX) {
        await channel.send(FRAME.stdin, data.subarray(at, at + INPUT_FRAME_MAX));
      }
    },
    endInput: () => channel.send(FRAME.stdinEnd, new Uint8Array()),
    resize: (rows, columns) => channel.send(FRAME.resize, Resize.encode({ rows, columns }).finish()),
    signal(number, { all } = { all: false }) {
      return send(FRAME.signal, Signal.encode({ number, all }).finish());
    },
    close: () => channel.close(),
  };
}

function parsePosition(payload: Uint8Array): LogPosition {
  const { totalBytes, offsetBytes, file } = PositionMessage.decode(payload);
  return {
    totalBytes: Number(totalBytes),
    offsetBytes: Number(offsetBytes),
    file: Buffer.from(file).toString('latin1'),
  };
}

/** On a connection of its own: on the process's it would wait behind stdin that the process does not read. */
async function sendApart(stateDir: string, type: number, payload: Uint8Array): Promise<void> {
  const request = { $case: 'attach', value: { output: false } } as const;
  const { channel } = await sendRequest(join(stateDir, 'control.sock'), request);
  try {
    await channel.send(type, payload);
  } finally {
    channel.close();
  }
}
