import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createResolverChannel, type ResolverConnection } from '../dns/resolver-channel.ts';
import type { ResolverGreeting } from '../dns/resolver-messages.ts';

/** The bundle has the process's file beside it, the source has it in its folder. */
const SCRIPT = import.meta.url.endsWith('.ts') ? '../dns/resolver-main.ts' : './resolver-main.js';
/** Its table has some hundred bytes for each container: limits that are far away, so that no client makes it grow. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', '--max-old-space-size=128'];
/** How long a process may take to say who it is, and to end: one that hangs is of no use. */
const PATIENCE_MS = 2000;

/** Finds the process that answers DNS queries, or starts it. */
export interface ResolverConnector {
  connect(): Promise<ResolverConnection>;
  isThere(): boolean;
}

interface RunningResolver {
  readonly connection: ResolverConnection;
  readonly greeting: ResolverGreeting;
}

export interface ResolverConnectorOptions {
  /** Where the process is found. */
  readonly socketPath: string;
  /** Default: a digest of the program. */
  readonly version?: string;
}

const PROGRAM = fileURLToPath(new URL(SCRIPT, import.meta.url));

/** A process of another version hands over what it knows, and ends when the new one answers. */
export function createResolverConnector({
  socketPath,
  version = digestProgram(),
}: ResolverConnectorOptions): ResolverConnector {
  async function find(): Promise<RunningResolver | null> {
    const connection = createResolverChannel(connect(socketPath));
    const greeting = await greetingOf(connection);
    if (greeting === null) connection.close();
    return greeting === null ? null : { connection, greeting };
  }

  function start(): ResolverConnection {
    const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, socketPath, version], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    // What goes wrong ends the connection.
    child.on('error', () => undefined);
    child.unref();
    return createResolverChannel(child.stdio[3] as Socket);
  }

  async function startInPlaceOf(found: RunningResolver | null): Promise<ResolverConnection> {
    const connection = start();
    try {
      if (found !== null) await handOver(found.connection, connection);
      const { error } = await connection.ask({ kind: 'take-place' });
      if (error !== null) throw new Error(`cannot be found at ${socketPath}: ${error}`);
      if (found !== null) await end(found);
      return connection;
    } catch (failure) {
      connection.close();
      throw failure;
    }
  }

  return {
    isThere: () => existsSync(socketPath),
    async connect() {
      const found = await find();
      if (found?.greeting.version === version) return found.connection;
      try {
        return await startInPlaceOf(found);
      } finally {
        found?.connection.close();
      }
    },
  };
}

function digestProgram(): string {
  return createHash('sha256').update(readFileSync(PROGRAM)).update(process.version).digest('hex');
}

/** Null when nobody is there, or does not answer. */
function greetingOf({ greeting }: { readonly greeting: Promise<ResolverGreeting> }): Promise<ResolverGreeting | null> {
  return withinPatience(greeting.catch(() => null));
}

/** Both answer from then on. One that does not tell what it knows has been told by a service that will tell it again. */
async function handOver(from: ResolverConnection, to: ResolverConnection): Promise<void> {
  const told = await withinPatience(from.ask({ kind: 'state' }).catch(() => null));
  const state = told?.state;
  for (const container of state?.containers ?? []) await to.ask({ kind: 'set', container });
  for (const address of state?.addresses ?? []) await to.ask({ kind: 'listen', address });
}

async function end({ connection, greeting: { pid } }: RunningResolver): Promise<void> {
  connection.ask({ kind: 'end' }).catch(() => undefined);
  const hasEnded = await withinPatience(connection.ended.then(() => true));
  try {
    if (hasEnded === null) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended now.
  }
}

async function withinPatience<Result>(promise: Promise<Result>): Promise<Result | null> {
  const over = Promise.withResolvers<null>();
  const timer = setTimeout(over.resolve, PATIENCE_MS, null);
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
