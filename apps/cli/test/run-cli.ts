// Runs the command line in memory.
import type { Readable } from 'node:stream';
import { PassThrough, Writable } from 'node:stream';
import type { CommandContext, Terminal, TerminalSize } from '../src/context.ts';
import { dispatch } from '../src/dispatch.ts';

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that runs, as a user at its terminal has it. */
export interface RunningCli {
  readonly stdin: PassThrough;
  /** What came so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly isRaw: () => boolean;
  readonly result: Promise<CliResult>;
  resize(size: TerminalSize): void;
  signal(name: NodeJS.Signals): void;
  /** Resolves when somebody listens to signals. */
  waitForSignals(): Promise<void>;
  /** What a signal does that nobody listens to. */
  interrupt(reason: Error): void;
  /** Resolves when stdout contains the text. */
  waitForStdout(text: string): Promise<void>;
}

export interface CliOptions {
  /** BERTH_ROOT. */
  root?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** What stdin brings before it ends; absent: stdin stays open. */
  stdin?: string | Readable;
  /** Stdin, stdout and stderr are a terminal of this size. */
  terminal?: TerminalSize;
}

export function startCli(argv: readonly string[], options: CliOptions = {}): RunningCli {
  const stdin = new PassThrough();
  if (typeof options.stdin === 'string') stdin.end(options.stdin);
  const stdout = createSink();
  const stderr = createSink();
  const fake = createFakeTerminal(options.terminal);
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const listening = Promise.withResolvers<void>();
  const interruption = new AbortController();
  const context: CommandContext = {
    argv,
    env: { ...options.env, ...(options.root === undefined ? {} : { BERTH_ROOT: options.root }) },
    cwd: options.cwd ?? '/',
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    terminal: fake.terminal,
    signals: {
      listen(listener) {
        listeners.add(listener);
        listening.resolve();
        return () => listeners.delete(listener);
      },
    },
    signal: interruption.signal,
  };
  const result = dispatch(context).then((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }));
  return {
    stdin,
    stdout: stdout.text,
    stderr: stderr.text,
    isRaw: fake.isRaw,
    result,
    resize: fake.resize,
    signal: (name) => listeners.forEach((listener) => listener(name)),
    waitForSignals: () => listening.promise,
    interrupt: (reason) => interruption.abort(reason),
    waitForStdout: stdout.waitFor,
  };
}

export function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(argv, { stdin: '', ...options }).result;
}

function createSink() {
  const chunks: Buffer[] = [];
  const text = () => Buffer.concat(chunks).toString();
  const waiting = new Set<() => void>();
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      waiting.forEach((look) => look());
      done();
    },
  });
  const waitFor = (wanted: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!text().includes(wanted)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { stream, text, waitFor };
}

function createFakeTerminal(first: TerminalSize | undefined) {
  let size = first ?? null;
  let raw = false;
  const listeners = new Set<() => void>();
  const isTerminal = first !== undefined;
  const terminal: Terminal = {
    stdin: isTerminal,
    stdout: isTerminal,
    stderr: isTerminal,
    size: () => size,
    onResize(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setRawMode(wanted) {
      raw = wanted;
    },
  };
  return {
    terminal,
    isRaw: () => raw,
    resize(next: TerminalSize) {
      size = next;
      listeners.forEach((listener) => listener());
    },
  };
}
