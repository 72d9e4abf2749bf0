import { CliError, InterruptedError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

const ENTER = /[\r\n]/;
const BACKSPACE = /[\b\x7f]/;
const INTERRUPT_EXIT_CODE = 130;

/** Asks for lines on a terminal. */
export interface Prompt extends AsyncDisposable {
  ask(question: string): Promise<string>;
  /** What is typed does not show. */
  askSecret(question: string): Promise<string>;
}

/** Throws a CliError, in Docker's words, when there is no terminal. */
export function createPrompt({ stdin, stdout, terminal }: CommandContext): Prompt {
  if (!terminal.stdin) throw new CliError('Error: Cannot perform an interactive login from a non TTY device');
  const keys = stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let typed: string[] = [];

  async function nextKey(): Promise<string | null> {
    while (typed.length === 0) {
      const { done, value } = await keys.next();
      if (done === true) return null;
      typed = [...Buffer.from(value).toString('utf8')];
    }
    return typed.shift() ?? null;
  }

  async function readLine(): Promise<string> {
    let line: string[] = [];
    for (let key = await nextKey(); key !== null && !ENTER.test(key); key = await nextKey()) {
      // In raw mode nobody else understands these.
      if (key === '\x03') throw new InterruptedError('', INTERRUPT_EXIT_CODE);
      if (key === '\x04') break;
      if (BACKSPACE.test(key)) line = line.slice(0, -1);
      else line.push(key);
    }
    return line.join('');
  }

  return {
    ask(question) {
      stdout.write(question);
      return readLine();
    },
    async askSecret(question) {
      stdout.write(question);
      terminal.setRawMode(true);
      try {
        return await readLine();
      } finally {
        terminal.setRawMode(false);
        stdout.write('\n');
      }
    },
    async [Symbol.asyncDispose]() {
      await keys.return?.();
    },
  };
}
