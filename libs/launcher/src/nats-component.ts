import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectNats, readNatsEndpoint, type EnginePaths, type NatsEndpoint } from '@berth/client';
import { BerthError } from '@berth/errors';
import type { Command, Component, ComponentContext } from './component.ts';

const PROGRAM_PATHS = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'];
const DEFAULT_PORT = 4222;
const RANDOM_PORT = -1;

/** The NATS server of an engine: JetStream on disk, on loopback, behind a token that only root can read. */
export function natsComponent({ paths, env }: ComponentContext): Component {
  const program = env.BERTH_NATS_BIN ?? PROGRAM_PATHS.find((path) => existsSync(path)) ?? '';
  const configFile = join(paths.runDir, 'nats.conf');

  async function prepare(): Promise<Command> {
    if (program === '')
      throw new BerthError('SERVICE_UNAVAILABLE', 'nats-server is not installed: apt-get install nats-server');
    const last = endpointOf(paths);
    const port = await choosePort(paths, last);
    const token = last?.token ?? randomBytes(24).toString('base64url');
    writePrivate(configFile, formatConfig(paths, port, token));
    writePrivate(tokenFile(paths), token);
    return { file: program, args: ['--config', configFile], env: { ...env, GOMEMLIMIT: '48MiB', GOGC: '50' } };
  }

  async function isReady(pid: number | null): Promise<boolean> {
    if (pid !== null && !publishEndpoint(paths, pid)) return false;
    const endpoint = endpointOf(paths);
    return endpoint !== null && (await accepts(endpoint));
  }

  return { name: 'nats', program, prepare, isReady };
}

function formatConfig(paths: EnginePaths, port: number, token: string): string {
  return [
    'host: "127.0.0.1"',
    `port: ${port}`,
    `ports_file_dir: ${JSON.stringify(paths.runDir)}`,
    `authorization { token: ${JSON.stringify(token)} }`,
    `jetstream { store_dir: ${JSON.stringify(join(paths.stateDir, 'nats'))}, max_memory_store: 8MB, max_file_store: 1GB }`,
    'max_connections: 1024',
    '',
  ].join('\n');
}

/** Writes nats.json once the server has told its port; false while it has not. */
function publishEndpoint(paths: EnginePaths, pid: number): boolean {
  const portsFile = join(paths.runDir, `nats-server_${pid}.ports`);
  let url: string | undefined;
  try {
    url = (JSON.parse(readFileSync(portsFile, 'utf8')) as { nats?: string[] }).nats?.[0];
  } catch {
    return false;
  }
  if (url === undefined) return false;
  const token = readFileSync(tokenFile(paths), 'utf8');
  if (endpointOf(paths)?.url !== url || endpointOf(paths)?.token !== token)
    writePrivate(paths.natsFile, JSON.stringify({ url, token } satisfies NatsEndpoint));
  return true;
}

/** Keeps the last port, so that clients find a restarted server again; a host's own engine prefers NATS's usual one. */
async function choosePort(paths: EnginePaths, last: NatsEndpoint | null): Promise<number> {
  const wanted = last ? Number(new URL(last.url).port) : paths.root === null ? DEFAULT_PORT : RANDOM_PORT;
  return wanted !== RANDOM_PORT && (await isFree(wanted)) ? wanted : RANDOM_PORT;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Connects with the token: another engine's server on the same port does not count. */
async function accepts(endpoint: NatsEndpoint): Promise<boolean> {
  try {
    const connection = await connectNats(endpoint, { reconnect: false, timeout: 2000 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

function endpointOf(paths: EnginePaths): NatsEndpoint | null {
  try {
    return readNatsEndpoint(paths.natsFile);
  } catch {
    return null;
  }
}

function tokenFile(paths: EnginePaths): string {
  return join(paths.runDir, 'nats.token');
}

function writePrivate(file: string, text: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
