// The process around the command line: the only file that touches `process`.
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { InterruptedError } from './cli-error.ts';
import type { CommandContext, SignalSource, Terminal } from './context.ts';
import { systemErrorText } from './describe-error.ts';
import { dispatch } from './dispatch.ts';

const interruption = new AbortController();
const terminal = openTerminal();
const context: CommandContext = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  // Opened only by a command that reads it: another process may share it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  terminal,
  signals: openSignals(),
  signal: interruption.signal,
};

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Nobody reads on (`berth logs | head`): end as a program does that SIGPIPE kills.
    if (error.code === 'EPIPE') return exit(codeOf('SIGPIPE'));
    error.path = '/dev/stdout';
    if (stream === process.stdout) process.stderr.write(`${systemErrorText(error)}\n`);
    exit(1);
  });
}
process.on('exit', () => terminal.setRawMode(false));
process.on('uncaughtException', (error: Error) => {
  terminal.setRawMode(false);
  process.stderr.write(`berth: a mistake in the program, please report it: ${error.stack ?? error.message}\n`);
  exit(1);
});

void dispatch(context).then(exit);

/** Ends the process once all that was written has left it. */
function exit(code: number): void {
  const flushed = [process.stdout, process.stderr]
    .filter((stream) => stream.writableLength > 0 && !stream.errored)
    .map((stream) => new Promise((resolve) => stream.write('', resolve)));
  if (flushed.length === 0) process.exit(code);
  else void Promise.all(flushed).finally(() => process.exit(code));
}

function openTerminal(): Terminal {
  let isRaw = false;
  return {
    stdin: isatty(0),
    stdout: isatty(1),
    stderr: isatty(2),
    size: () => (process.stdout.isTTY ? { rows: process.stdout.rows, columns: process.stdout.columns } : null),
    onResize(listener) {
      process.stdout.on('resize', listener);
      return () => process.stdout.off('resize', listener);
    },
    setRawMode(raw) {
      if (raw === isRaw || !process.stdin.isTTY) return;
      process.stdin.setRawMode(raw);
      isRaw = raw;
      if (raw) endOutputProcessing();
    },
  };
}

/**
 * Node's raw mode goes on making CR LF of each LF that is printed, so that a full-screen program that moves the cursor down by LF has it in
 * the first column. Node has no call that ends this, and its normal mode brings it back. Without stty the rest of raw mode is there.
 */
function endOutputProcessing(): void {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}

/** Without a listener, the first of these ends the command in order, and the second at once. */
function openSignals(): SignalSource {
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const onSignal = (signal: NodeJS.Signals) => {
    for (const listener of listeners) listener(signal);
  };
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    const onEnding = () => {
      if (listeners.size > 0) return onSignal(name);
      process.off(name, onEnding);
      interruption.abort(new InterruptedError('', codeOf(name)));
    };
    process.on(name, onEnding);
  }
  const others = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGALRM'] as const;
  return {
    listen(listener) {
      listeners.add(listener);
      for (const name of others) process.on(name, onSignal);
      return () => {
        listeners.delete(listener);
        for (const name of others) process.off(name, onSignal);
      };
    },
  };
}

/** The exit code of a process that a signal ended. */
function codeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
