import { runProgram } from './run-program.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';
import { waitFor } from './wait-for.ts';

/** A real terminal (tmux) with a program in it. */
export interface Terminal extends AsyncDisposable {
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses a key by tmux's name: `Enter`, `C-c`, `C-d`, `Up`. */
  press(...keys: string[]): Promise<void>;
  resize(rows: number, columns: number): Promise<void>;
  /** What the screen shows, scrolled-off lines included, without trailing blanks. */
  screen(): Promise<string>;
  /** Waits until the screen shows this. */
  waitForText(pattern: RegExp | string, timeoutMs?: number): Promise<string>;
  /** Waits until the program has ended; its exit code. */
  exitCode(timeoutMs?: number): Promise<number>;
}

export interface TerminalOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Default: 24. */
  readonly rows?: number;
  /** Default: 80. */
  readonly columns?: number;
}

/** Opens a terminal and runs a program in it. The terminal stays after its end until it is disposed. */
export async function openTerminal(
  command: readonly string[],
  { env, rows = 24, columns = 80 }: TerminalOptions,
): Promise<Terminal> {
  const directory = createTemporaryDirectory();
  const tmux = async (...args: string[]): Promise<string> => {
    const result = await runProgram('tmux', ['-S', `${directory.path}/tmux`, '-f', '/dev/null', ...args], {
      env: { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
    });
    if (result.code !== 0) throw new Error(`tmux ${args[0]}: ${result.stderr}`);
    return result.stdout;
  };
  const size = (x: number, y: number) => ['-x', String(x), '-y', String(y)];
  await tmux('new-session', '-d', ...size(columns, rows), 'sleep infinity');
  await tmux('set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'window-size', 'manual');
  await tmux('respawn-pane', '-k', command.map(quote).join(' '));

  const screen = async () => (await tmux('capture-pane', '-p', '-J', '-S', '-')).trimEnd();
  return {
    screen,
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    resize: async (newRows, newColumns) => void (await tmux('resize-window', ...size(newColumns, newRows))),
    async waitForText(pattern, timeoutMs = 30_000) {
      let last = '';
      const isShown = async () => {
        last = await screen();
        return typeof pattern === 'string' ? last.includes(pattern) : pattern.test(last);
      };
      await waitFor(isShown, { what: String(pattern), timeoutMs }).catch((error: unknown) => {
        throw new Error(`${String(error)}; the screen shows:\n${last}`);
      });
      return last;
    },
    async exitCode(timeoutMs = 30_000) {
      // tmux is deaf to SIGCHLD while it runs utempter for a terminal that was closed; the end of another child makes it look again. Nobody waits for that one's end, to which it may be deaf too.
      const status = async () =>
        (
          await tmux('run-shell', '-b', 'true', ';', 'display-message', '-p', '#{pane_dead} #{pane_dead_status}')
        ).trim();
      const text = await waitFor(async () => /^1 (\d+)$/.exec(await status())?.[1], { what: 'the end', timeoutMs });
      return Number(text);
    },
    async [Symbol.asyncDispose]() {
      await tmux('kill-server').catch(() => undefined);
      directory[Symbol.dispose]();
    },
  };
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
