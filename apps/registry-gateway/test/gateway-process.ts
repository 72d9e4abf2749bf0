import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkHealth, connectService, resolvePaths, type ServiceConnection } from '@berth/client';
import { RegistryServiceDefinition } from '@berth/proto/registry';
import { waitFor } from '@berth/testkit';

export type GatewayClient = ServiceConnection<RegistryServiceDefinition>['client'];

/** The service as a process of its own, serving. */
export interface GatewayProcess extends AsyncDisposable {
  readonly pid: number;
  readonly client: GatewayClient;
  /** The service's state directory. */
  readonly stateDir: string;
  /** Ends it with a signal, waits, and returns its exit code; null when the signal killed it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const MAIN = join(import.meta.dirname, '../src/main.ts');

export interface GatewayOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A shell command that is run before it, in a mount namespace of its own; `$BERTH_ROOT` is set. */
  readonly prepare?: string;
}

/** Starts the service below `root` and waits until it is healthy. */
export async function startGateway(root: string, { env = {}, prepare }: GatewayOptions = {}): Promise<GatewayProcess> {
  const command = prepare === undefined ? [process.execPath, MAIN] : inMountNamespace(prepare);
  const [program = '', ...args] = command;
  const options = { env: { PATH: process.env.PATH, BERTH_ROOT: root, ...env }, stdio: 'pipe' as const };
  const child = spawn(program, args, options);
  const exited = once(child, 'close');
  const log = collect(child);
  const paths = resolvePaths({ BERTH_ROOT: root });
  const socket = paths.socket('registry-gateway');
  const connection = connectService(RegistryServiceDefinition, socket);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    connection.close();
    return child.exitCode;
  };
  const isHealthy = async () => {
    if (child.exitCode !== null) throw new Error(`the gateway ended: ${log()}`);
    return checkHealth(socket).catch(() => false);
  };
  await waitFor(isHealthy, { what: 'the gateway', timeoutMs: 20_000 });
  return {
    pid: child.pid ?? 0,
    client: connection.client,
    stateDir: paths.serviceDir('registry-gateway'),
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}

function inMountNamespace(prepare: string): string[] {
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    `${prepare} && exec "$0" "$1"`,
    process.execPath,
    MAIN,
  ];
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
