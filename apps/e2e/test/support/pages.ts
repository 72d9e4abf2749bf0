import { once } from 'node:events';
import { createServer } from 'node:net';
import { waitFor } from '@berth/testkit';

/** A port that nobody has; another program may take it, but seldom does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The page of a web server, without the last newline. Rejects when there is none. */
export async function fetchPage(host: string, port: number | string): Promise<string> {
  const response = await fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } });
  return (await response.text()).trim();
}

/** Fetches until the server of the container listens. */
export async function page(host: string, port: number | string): Promise<string> {
  return waitFor(() => fetchPage(host, port).catch(() => null), { what: 'a page' });
}
