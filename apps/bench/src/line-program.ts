import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A resident program that answers each line of its stdin with a line. */
export interface LineProgram extends Disposable {
  /** Null when it could not be started. */
  readonly pid: number | null;
  /** Throws when the program ends instead of answering. One question at a time. */
  ask(line: string): Promise<string>;
}

export function openLineProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv): LineProgram {
  const errors: string[] = [];
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  child.stdin.on('error', () => {
    // It has ended: the missing answer tells.
  });
  child.stderr.on('data', (data: Buffer) => {
    errors.push(data.toString());
    if (errors.length > 20) errors.shift();
  });
  return {
    pid: child.pid ?? null,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const answer = await Promise.race([answers.next(), failed]);
      if (answer.done) throw new Error(`${file} ended: ${errors.join('').trim()}`);
      return answer.value;
    },
    [Symbol.dispose]: () => child.stdin.end(),
  };
}
