import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What became of questions. */
export interface Asked {
  readonly sent: number;
  /** With the address of the name. */
  readonly answered: number;
  /** By the kernel, for nobody listened, or by the resolver. */
  readonly refused: number;
}

/** Asks in the network namespace of a process for the address of a name, 50 times a second, and each question once. */
export interface SteadyAsker {
  /** Asks no longer, and tells what became of all, once they are answered or a second has gone by. */
  finish(): Promise<Asked>;
}

export function askSteadily({ pid, server, name }: { pid: number; server: string; name: string }): SteadyAsker {
  const args = ['-t', String(pid), '-n', process.execPath, '--input-type=module', '--eval', SCRIPT, server, name];
  const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  return {
    async finish() {
      child.stdin.end();
      return JSON.parse(await output) as Asked;
    },
  };
}

const SCRIPT = `
  import { createSocket } from 'node:dgram';
  const [server, name] = process.argv.slice(1);
  const header = (id) => Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const question = Buffer.from([name.length, ...Buffer.from(name), 0, 0, 1, 0, 1]);
  const counts = { sent: 0, answered: 0, refused: 0 };
  const socket = createSocket('udp4');
  socket.on('error', () => counts.refused++);
  socket.on('message', (reply) => reply.readUInt16BE(6) === 1 ? counts.answered++ : counts.refused++);
  socket.connect(53, server, () => {
    const timer = setInterval(() => socket.send(Buffer.concat([header(++counts.sent), question])), 20);
    process.stdin.resume().on('end', () => {
      clearInterval(timer);
      const tell = () => { console.log(JSON.stringify(counts)); process.exit(); };
      setTimeout(tell, 1000);
      setInterval(() => { if (counts.answered + counts.refused >= counts.sent) tell(); }, 10);
    });
  });
`;
