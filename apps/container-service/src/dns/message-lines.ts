import type { Socket } from 'node:net';

/** Sends a message as a line of JSON. */
export function sendMessage(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `onMessage` for each whole line. What is wrong with the connection ends it, and a line that is cut off by that is none. */
export function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  let rest = '';
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onMessage(JSON.parse(line));
  });
}
