import { BerthError } from '@berth/errors';
import type { TerminalSize } from './container-config.ts';
import type { LostOutput, OutputChunk, OutputGap, ProcessConnection, ProcessExit } from './ports/process.ts';

/** What a client sends to a process. */
export type ProcessInput =
  | { readonly kind: 'stdin'; readonly data: Uint8Array }
  | { readonly kind: 'stdin-end' }
  | { readonly kind: 'resize'; readonly size: TerminalSize }
  | { readonly kind: 'signal'; readonly signal: number };

/** A client that sends input to a process. */
export interface InputSession {
  readonly connection: ProcessConnection;
  readonly inputs: AsyncIterable<ProcessInput>;
  /** Aborted when the client goes. */
  readonly signal: AbortSignal;
  /** Told of each signal that the client sends, before it is sent. */
  readonly onSignal: (signal: number) => void;
}

/** A client at a process. */
export interface ProcessSession extends InputSession {
  /** Reads from the log what the client was too slow for. */
  readonly readGap: (gap: OutputGap) => AsyncIterable<OutputChunk | LostOutput>;
}

/**
 * Carries a client's input to a process and yields the output, each as slowly as the other side takes it. Ends when the process's output
 * does; the connection is closed when the client goes first.
 */
export async function* runSession(session: ProcessSession): AsyncGenerator<OutputChunk | LostOutput, void, undefined> {
  const { connection, signal } = session;
  const leave = (): void => connection.close();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  // The input may end with an error at any time; what the process makes of it decides how the session ends.
  void carryInput(session).catch(() => {});
  let ended = false;
  try {
    for await (const chunk of connection.output) {
      if (chunk.stream === 'log') yield* session.readGap(chunk);
      else yield chunk;
    }
    ended = true;
  } finally {
    signal.removeEventListener('abort', leave);
    if (!ended) leave();
  }
}

/** Carries a client's input to a process until it ends, or the process does, or the client goes: then the connection is closed. */
export async function runInputSession(session: InputSession): Promise<void> {
  const { connection, signal } = session;
  const leave = (): void => connection.close();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  await Promise.allSettled([Promise.race([carryInput(session), connection.exited])]);
  signal.removeEventListener('abort', leave);
}

/**
 * How the process of a session whose output is over ended. Throws ABORTED when the client was cut off: what it has is not all. A keeper that
 * is gone cuts everybody off, but then nobody knows the exit code either, which `ended` tells.
 */
export async function endOfSession(
  connection: ProcessConnection,
  isRunning: () => boolean,
  ended: Promise<ProcessExit>,
): Promise<ProcessExit> {
  const wasCutOff = await connection.exited.then(
    () => false,
    () => true,
  );
  if (wasCutOff && isRunning()) throw cutOffError();
  const exit = await ended;
  if (wasCutOff && exit.error === '') throw cutOffError();
  return exit;
}

/** The gaps of a process that has no log: there are none, who is too slow for it is cut off. */
export async function* noLog(): AsyncGenerator<never> {}

function cutOffError(): BerthError {
  return new BerthError('ABORTED', 'the client was too slow and is no longer attached');
}

async function carryInput({ connection, inputs, onSignal }: InputSession): Promise<void> {
  for await (const input of inputs) {
    switch (input.kind) {
      case 'stdin':
        await connection.write(input.data);
        break;
      case 'stdin-end':
        connection.endInput();
        break;
      case 'resize':
        connection.resize(input.size);
        break;
      case 'signal':
        onSignal(input.signal);
        connection.signal(input.signal);
        break;
    }
  }
}
