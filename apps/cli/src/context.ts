import type { Readable, Writable } from 'node:stream';

/**
 * All that a command knows of the world around it. Nothing but main.ts touches `process`: so a command runs in memory in a test, and
 * could run in a resident process for a client that only hands over its descriptors.
 */
export interface CommandContext {
  /** The arguments after the command's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the working directory. */
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly terminal: Terminal;
  readonly signals: SignalSource;
  /** Aborted when the user wants the command to end, by a signal that nobody listens to. */
  readonly signal: AbortSignal;
}

/** The terminal that the command was started from, if any. */
export interface Terminal {
  /** Which streams are connected to a terminal. */
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** The size of stdout's terminal, or null when it has none. */
  size(): TerminalSize | null;
  /** Calls back after each change of size; returns what ends this. */
  onResize(listener: () => void): () => void;
  /** Raw mode: keys come one by one, Ctrl-C is a byte, and what is printed is not changed. Does nothing when stdin is no terminal. */
  setRawMode(raw: boolean): void;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** The signals that the command's process gets. */
export interface SignalSource {
  /** Hears each signal instead of `context.signal`, until what is returned is called. */
  listen(listener: (signal: NodeJS.Signals) => void): () => void;
}
