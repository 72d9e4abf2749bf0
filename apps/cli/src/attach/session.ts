// A client's terminal or pipes, connected to a process in a container.
import { constants } from 'node:os';
import type { ProcessInput, ProcessOutput } from '@berth/proto/container';
import { InterruptedError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';
import { writeAll } from '../write-all.ts';
import { createDetachFilter } from './detach-keys.ts';
import { createInputQueue, type InputQueue } from './input-queue.ts';

export interface SessionOptions {
  /** The process has a terminal: ours becomes raw, and follows its size. */
  terminal: boolean;
  /** Send our stdin. */
  stdin: boolean;
  /** Print its stdout and stderr. Default: both. */
  stdout?: boolean;
  stderr?: boolean;
  /**
   * Passes on a signal that we get, in a call of its own: on the stream of the session it would wait behind stdin that the process does
   * not read. Only without a terminal, as a terminal sends keys instead. Null: signals are ours.
   */
  sendSignal: ((number: number) => Promise<unknown>) | null;
  /** The bytes that detach us from a terminal; empty: none. */
  detachKeys: Buffer;
}

/** What the calls that carry a process have in common. */
export interface SessionResponse {
  event?:
    | { $case: 'created'; value: { id: string; warnings: string[] } }
    | { $case: 'started' | 'attached'; value: object }
    | { $case: 'output'; value: ProcessOutput }
    | { $case: 'exited'; value: { exitCode: number } }
    | undefined;
}

/** How a session ended: the process did, or we left it; or the call ended without saying (a detached start). */
export type SessionEnd = { kind: 'exited'; exitCode: number } | { kind: 'detached' } | { kind: 'ended' };

/** Makes the call: sends the inputs, gives the responses. */
export type SessionCall = (inputs: AsyncIterable<ProcessInput>, signal: AbortSignal) => AsyncIterable<SessionResponse>;

/** Told when the container of the session is there. */
export type OnCreated = (created: { id: string; warnings: string[] }) => void;

/** The exit code in the place of 0 when output was lost: a backup with a hole in it is none. */
const INCOMPLETE = 125;

/** Runs a session to its end. The terminal is as it was before when this returns or throws. */
export async function runSession(
  context: CommandContext,
  options: SessionOptions,
  call: SessionCall,
  onCreated?: OnCreated,
): Promise<SessionEnd> {
  const inputs = createInputQueue();
  const leaving = new AbortController();
  const cleanUps: (() => void)[] = [];
  const signal = AbortSignal.any([context.signal, leaving.signal]);
  const responses = call(inputs, signal);
  let isComplete = true;
  try {
    for await (const { event } of responses) {
      switch (event?.$case) {
        case 'created':
          onCreated?.(event.value);
          break;
        case 'started':
        case 'attached':
          cleanUps.push(...connect(context, options, inputs, leaving));
          break;
        case 'output':
          await print(context, options, event.value, signal);
          if (event.value.output?.$case === 'lostBytes') isComplete = false;
          break;
        case 'exited':
          return { kind: 'exited', exitCode: event.value.exitCode || (isComplete ? 0 : INCOMPLETE) };
        case undefined:
          break;
      }
    }
    return { kind: 'ended' };
  } catch (error) {
    if (error === DETACHED) return { kind: 'detached' };
    throw error;
  } finally {
    inputs.end();
    for (const cleanUp of cleanUps.toReversed()) cleanUp();
  }
}

/** Connects what the user does to the process, now that there is one; returns what undoes it. */
function connect(
  context: CommandContext,
  options: SessionOptions,
  ...[inputs, leaving]: [InputQueue, AbortController]
): (() => void)[] {
  const undo: (() => void)[] = [];
  if (options.terminal && options.stdin) {
    context.terminal.setRawMode(true);
    undo.push(() => context.terminal.setRawMode(false));
  }
  if (options.terminal) undo.push(context.terminal.onResize(() => sendSize(context, inputs)));
  if (options.sendSignal && !options.terminal) undo.push(forwardSignals(context, options.sendSignal, leaving));
  if (options.stdin) undo.push(forwardStdin(context, options, inputs, leaving));
  return undo;
}

function sendSize({ terminal }: CommandContext, inputs: InputQueue): void {
  const size = terminal.size();
  if (size) void inputs.push({ $case: 'resize', value: { rows: size.rows, columns: size.columns } });
}

const PATIENCE = 3;
/** Why a session is left when the user typed the detach keys. */
const DETACHED = Symbol('detached');

/** Passes signals on; the third that should end us does, as the process may not care. */
function forwardSignals(
  { signals }: CommandContext,
  send: NonNullable<SessionOptions['sendSignal']>,
  leaving: AbortController,
): () => void {
  let endings = 0;
  return signals.listen((name) => {
    if (name === 'SIGINT' || name === 'SIGTERM') endings += 1;
    if (endings >= PATIENCE) leaving.abort(new InterruptedError('\ngot 3 SIGTERM/SIGINTs, forcefully exiting'));
    // A process that has just ended needs no signal, and what else can go wrong the session tells.
    else send(constants.signals[name]).catch(() => {});
  });
}

function forwardStdin(
  { stdin }: CommandContext,
  options: SessionOptions,
  ...[inputs, leaving]: [InputQueue, AbortController]
): () => void {
  const filter = createDetachFilter(options.terminal ? options.detachKeys : Buffer.alloc(0));
  const onData = (chunk: Buffer) => {
    const { bytes, detach } = filter(chunk);
    if (detach) return leaving.abort(DETACHED);
    if (bytes.length === 0) return;
    stdin.pause();
    void inputs.push({ $case: 'stdin', value: bytes }).then(() => stdin.resume());
  };
  const onEnd = () => void inputs.push({ $case: 'stdinEnd', value: {} });
  stdin.on('data', onData).once('end', onEnd).once('error', onEnd);
  return () => {
    stdin.off('data', onData).off('end', onEnd);
    stdin.pause();
  };
}

async function print(
  { stdout, stderr }: CommandContext,
  options: SessionOptions,
  { output }: ProcessOutput,
  signal: AbortSignal,
): Promise<void> {
  if (output?.$case === 'stdout' && options.stdout !== false) await writeAll(stdout, output.value, signal);
  if (output?.$case === 'lostBytes') {
    const text = `Output is missing here: ${output.value} bytes of the log were rotated away before we read them`;
    await writeAll(stderr, `\r\nWARNING: ${text}.\r\n`, signal);
  }
  if (output?.$case === 'stderr' && options.stderr !== false) await writeAll(stderr, output.value, signal);
}
