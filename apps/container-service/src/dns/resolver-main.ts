// The process that answers DNS queries, while container-service runs and while it is replaced: resolver-main SOCKET VERSION.
// Its first client is at descriptor 3; it is found at its socket once that one asks for it.
import { chmodSync, readdirSync, renameSync, statSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { readMessages, sendMessage } from './message-lines.ts';
import { createTaskPerformer } from './perform-tasks.ts';
import type { ResolverGreeting, ResolverReply, ResolverRequest, ResolverTask } from './resolver-messages.ts';

const FIRST_CLIENT_FD = 3;
const LOOK_MS = 1000;

const [socketPath = '', version = ''] = process.argv.slice(2);
const performer = createTaskPerformer();
const clients = new Set<Socket>();
/** The inode of its socket; null before it is found there. */
let place: number | null = null;

process.umask(0o077);
// Terminals close and services stop without it.
process.on('SIGHUP', () => undefined);
setInterval(endWhenUnneeded, LOOK_MS);
serve(new Socket({ fd: FIRST_CLIENT_FD }));

function serve(client: Socket): void {
  clients.add(client);
  client.on('close', () => {
    clients.delete(client);
    endWhenUnneeded();
  });
  const send = (message: ResolverGreeting | ResolverReply): void => sendMessage(client, message);
  send({ pid: process.pid, version });
  readMessages(client, (message) => {
    const { number, task } = message as ResolverRequest;
    perform(task).then(
      (result) => send({ number, error: null, ...result }),
      (error: unknown) => send({ number, error: (error as NodeJS.ErrnoException).code ?? String(error) }),
    );
  });
}

async function perform(task: ResolverTask): Promise<Pick<ResolverReply, 'state'>> {
  if (task.kind === 'state') return { state: performer.state() };
  if (task.kind === 'take-place') await takePlace();
  // What has come by now is read, and answered, before.
  else if (task.kind === 'end') setImmediate(() => process.exit());
  else await performer.perform(task);
  return {};
}

async function takePlace(): Promise<void> {
  const path = `${socketPath}.${process.pid}`;
  const server = createServer(serve).listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o600);
  renameSync(path, socketPath);
  place = statSync(socketPath).ino;
}

/** Without a service it stays for the sake of containers, and only as long as it is the one that the next service will find. */
function endWhenUnneeded(): void {
  if (clients.size === 0 && (!isFound() || !hasContainers())) process.exit();
}

function isFound(): boolean {
  return place !== null && statSync(socketPath, { throwIfNoEntry: false })?.ino === place;
}

/** Tells whether any network that it answers on has an interface of a container. */
function hasContainers(): boolean {
  const { containers, addresses } = performer.state();
  if (containers.length === 0) return false;
  const interfaces = Object.entries(networkInterfaces());
  const bridges = interfaces.filter(([, owned]) => owned?.some(({ address }) => addresses.includes(address)));
  return bridges.some(([bridge]) => portsOf(bridge).length > 0);
}

function portsOf(bridge: string): string[] {
  try {
    return readdirSync(`/sys/class/net/${bridge}/brif`);
  } catch {
    return [];
  }
}
