import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { resolvePaths, type EnginePaths, type ServiceName } from '@berth/client';
import { destination, pino, type Logger } from 'pino';
import { openDatabase, type DatabaseOptions } from './database.ts';
import { publishEvents } from './event-publisher.ts';
import { removeStaleSocket, serveGrpc, type ServiceBinding } from './grpc-server.ts';
import { openOutbox, type EventSink } from './outbox.ts';

/** What a service gets to start with. */
export interface ServiceContext {
  readonly env: NodeJS.ProcessEnv;
  readonly paths: EnginePaths;
  /** `<stateDir>/<service>`, mode 0711: its insides are reachable only by those who know a name. */
  readonly stateDir: string;
  readonly log: Logger;
  /** Aborted when the service shuts down. */
  readonly signal: AbortSignal;
  /** The service's `state.db`, which also holds its outbox. */
  readonly database: DatabaseSync;
  /** Call `add` inside the transaction that changes the state. */
  readonly events: EventSink;
}

/** A service that is ready to answer. */
export interface StartedService {
  bindings: ServiceBinding[];
  /** Resolves when all that was changed is on the disk; absent: each change is, at once. No answer and no event leaves before. */
  settled?(): Promise<void>;
  /** Called after the last call has ended, before the database closes. */
  close?(): Promise<void> | void;
}

export interface ServiceOptions extends Pick<DatabaseOptions, 'migrations' | 'synchronous'> {
  name: ServiceName;
  start(context: ServiceContext): Promise<StartedService>;
}

const SHUTDOWN_DEADLINE_MS = 5000;

/** Runs a service until SIGTERM or SIGINT: state, events, gRPC, graceful shutdown. Exits 1 when it cannot start. */
export async function runService(options: ServiceOptions): Promise<void> {
  const log = createLogger(options.name);
  const shutdown = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => shutdown.abort());
  // SIGHUP comes when a terminal closes; a service outlives it.
  process.on('SIGHUP', () => {});
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  try {
    await serve(options, log, shutdown.signal);
  } catch (error) {
    log.fatal({ err: error }, 'cannot start');
    // What the service has opened by now may hold the process for ever.
    process.exit(1);
  }
  // What is still under way could only fail from here on, and undo what the next start of the service goes on with.
  process.exit(0);
}

async function serve(options: ServiceOptions, log: Logger, signal: AbortSignal): Promise<void> {
  const { name, migrations, synchronous } = options;
  const paths = resolvePaths(process.env);
  const stateDir = paths.serviceDir(name);
  createDirectories(paths, stateDir);
  // Before anything is opened or swept: the state belongs to the process that serves.
  await removeStaleSocket(paths.socket(name));
  const path = join(stateDir, 'state.db');
  const database = openDatabase({ path, migrations, ...(synchronous ? { synchronous } : {}) });
  const outbox = openOutbox(database);
  const stopPublisher = new AbortController();
  try {
    const context = { env: process.env, paths, stateDir, log, signal, database, events: outbox };
    const service = await options.start(context);
    const settled = service.settled ?? (() => Promise.resolve());
    const server = await serveGrpc(paths.socket(name), service.bindings, { log, settled });
    const publisher = publishEvents({
      outbox,
      natsFile: paths.natsFile,
      service: name,
      settled,
      log,
      signal: stopPublisher.signal,
    });
    log.info({ socket: paths.socket(name) }, 'service ready');
    await aborted(signal);
    log.info('service stops');
    await server.shutdown(SHUTDOWN_DEADLINE_MS);
    await service.close?.();
    stopPublisher.abort();
    await publisher;
  } finally {
    stopPublisher.abort();
    database.close();
  }
}

function createLogger(service: string): Logger {
  const level = process.env.BERTH_LOG_LEVEL ?? 'info';
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.password', '*.token', '*.credentials', '*.authorization'],
    },
    logDestination(),
  );
}

const LOG_WAITING_MAX_BYTES = 1024 * 1024;

/** Standard error. Where it takes nothing, as a file on a full disk, lines wait for room, or are lost when they are many: the service goes on. */
function logDestination(): ReturnType<typeof destination> {
  const stream = destination({ fd: 2, sync: true, maxLength: LOG_WAITING_MAX_BYTES });
  // Pino's own listener throws what it does not expect at whoever logs.
  stream.removeAllListeners('error').on('error', () => {});
  return stream;
}

function createDirectories(paths: EnginePaths, stateDir: string): void {
  mkdirSync(paths.runDir, { recursive: true, mode: 0o755 });
  mkdirSync(paths.stateDir, { recursive: true, mode: 0o711 });
  mkdirSync(stateDir, { recursive: true });
  chmodSync(stateDir, 0o711);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
