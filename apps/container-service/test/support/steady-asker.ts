import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

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

/** Resolves when the first question is answered. */
export async function askSteadily({ pid, server, name }: AskerOptions): Promise<SteadyAsker> {
  const args = ['-t', String(pid), '-n', process.execPath, '--input-type=module', '--eval', SCRIPT, server, name];
  const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async finish() {
      child.stdin.end();
      return JSON.parse((await lines.next()).value ?? '') as Asked;
    },
  };
}

interface AskerOptions {
  /** Of the process whose network namespace it asks in. */
  readonly pid: number;
  readonly server: string;
  readonly name: string;
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
  socket.once('message', () => console.log('answered'));
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
