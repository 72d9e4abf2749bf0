import { BerthError } from '@berth/errors';
import type {
  ProcessExit as ProtoExit,
  ProcessInput as ProtoInput,
  ProcessOutput,
  ProcessStarted,
  TerminalSize as ProtoSize,
} from '@berth/proto/container';
import type { TerminalSize } from '../container-config.ts';
import type { LostOutput, OutputChunk, ProcessExit } from '../ports/process.ts';
import type { ProcessInput } from '../process-session.ts';
import type { ProcessEvent } from '../run-container.ts';

/** A request stream whose first message says what to do and whose others are input. */
interface StreamMessage<Start> {
  readonly request?: { $case: 'start'; value: Start } | { $case: 'input'; value: ProtoInput } | undefined;
}

/** Takes the first message of a request stream off; the rest is input. Throws INVALID_ARGUMENT when it is not a start. */
export async function splitStream<Start>(
  requests: AsyncIterable<StreamMessage<Start>>,
): Promise<{ start: Start; inputs: AsyncIterable<ProcessInput> }> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true || first.value.request?.$case !== 'start') {
    throw new BerthError('INVALID_ARGUMENT', 'the first message of the stream must say what to start');
  }
  return { start: first.value.request.value, inputs: inputsOf({ [Symbol.asyncIterator]: () => iterator }) };
}

async function* inputsOf<Start>(requests: AsyncIterable<StreamMessage<Start>>): AsyncGenerator<ProcessInput> {
  for await (const { request } of requests) {
    const input = request?.$case === 'input' ? fromProtoInput(request.value) : null;
    if (input !== null) yield input;
  }
}

/** The inputs of a client that has no stdin for the process. */
export async function* withoutStdin(inputs: AsyncIterable<ProcessInput>): AsyncGenerator<ProcessInput> {
  for await (const input of inputs) if (input.kind !== 'stdin' && input.kind !== 'stdin-end') yield input;
}

function fromProtoInput({ input }: ProtoInput): ProcessInput | null {
  switch (input?.$case) {
    case 'stdin':
      return { kind: 'stdin', data: input.value };
    case 'stdinEnd':
      return { kind: 'stdin-end' };
    case 'resize': {
      const size = fromProtoSize(input.value);
      return size === null ? null : { kind: 'resize', size };
    }
    case 'signal':
      return { kind: 'signal', signal: checkSignal(input.value) };
    case undefined:
      return null;
  }
}

function checkSignal(number: number): number {
  if (number >= 1 && number <= 64) return number;
  throw new BerthError('INVALID_ARGUMENT', `invalid signal: ${number}`);
}

const MAX_SIZE = 65_535;

/** A terminal's size; null when none was given. */
export function fromProtoSize(size: ProtoSize | undefined): TerminalSize | null {
  if (size === undefined || size.rows === 0 || size.columns === 0) return null;
  return { rows: Math.min(size.rows, MAX_SIZE), columns: Math.min(size.columns, MAX_SIZE) };
}

/** What the wire calls the events that run, attach and exec have in common. */
export type ProtoProcessEvent =
  | { $case: 'started'; value: ProcessStarted }
  | { $case: 'output'; value: ProcessOutput }
  | { $case: 'exited'; value: ProtoExit };

/** An event for the wire. */
export function toProtoProcessEvent(event: Exclude<ProcessEvent, { kind: 'created' }>): ProtoProcessEvent {
  switch (event.kind) {
    case 'started':
      return { $case: 'started', value: { pid: event.pid, timings: [...event.timings] } };
    case 'output':
      return { $case: 'output', value: toProtoOutput(event.chunk) };
    case 'exited':
      return { $case: 'exited', value: toProtoExit(event.exit) };
  }
}

function toProtoOutput(chunk: OutputChunk | LostOutput): ProcessOutput {
  if (chunk.stream === 'lost') return { output: { $case: 'lostBytes', value: BigInt(chunk.bytes) } };
  const { stream, data } = chunk;
  return { output: { $case: stream, value: Buffer.from(data.buffer, data.byteOffset, data.byteLength) } };
}

/** An exit for the wire. */
export function toProtoExit({ exitCode, oomKilled }: Pick<ProcessExit, 'exitCode' | 'oomKilled'>): ProtoExit {
  return { exitCode, oomKilled };
}
