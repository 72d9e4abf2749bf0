import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** Debian's docker-registry on a free port of loopback, empty. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:40123`, plain HTTP. */
  readonly host: string;
  /** Where its content lies. */
  readonly dataDir: string;
  /** The value of the Authorization header that it wants; null when anybody may push and pull. */
  readonly authorization: string | null;
  /** The user that it wants; null when anybody may push and pull. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  close(): Promise<void>;
}

export interface DockerRegistryOptions {
  /** Asks for a user and password (Basic). Default: false. */
  readonly requiresLogin?: boolean;
  /** Serves what another registry has, at its address in the network namespace of a process. */
  readonly mirror?: { readonly of: TestRegistry; readonly networkOf: number };
}

const USER = { username: 'user', password: 'secret' };
// bcrypt of the password with the lowest cost.
const HTPASSWD = `user:$2b$04$p.lMatiUhOPrw2ixe6s2jeT6zGwlfyyw.IOL4QTGA5GH9cGJXxn0W\n`;
const START_TIMEOUT_MS = 20_000;

/** Starts a registry of the Debian package `docker-registry`; its content is gone when it is closed, unless it is that of another. */
export async function startDockerRegistry({
  requiresLogin = false,
  mirror,
}: DockerRegistryOptions = {}): Promise<TestRegistry> {
  const directory = createTemporaryDirectory();
  const configPath = join(directory.path, 'config.yml');
  const htpasswdPath = join(directory.path, 'htpasswd');
  writeFileSync(htpasswdPath, HTPASSWD);
  const dataDir = mirror?.of.dataDir ?? join(directory.path, 'data');
  const address = mirror?.of.host ?? '127.0.0.1:0';
  writeFileSync(configPath, configOf({ dataDir, address, htpasswdPath: requiresLogin ? htpasswdPath : null }));
  const command = ['docker-registry', 'serve', configPath];
  const enter = mirror === undefined ? [] : ['nsenter', `--net=/proc/${mirror.networkOf}/ns/net`];
  const [program = '', ...args] = [...enter, ...command];
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // REGISTRY_* variables would change its configuration.
    env: { PATH: process.env.PATH },
  });
  const exited = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await exited.catch(() => {});
    directory[Symbol.dispose]();
  };
  try {
    const port = await readPort(child);
    const { username, password } = USER;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return {
      host: `127.0.0.1:${port}`,
      dataDir,
      authorization: requiresLogin ? authorization : null,
      credentials: requiresLogin ? USER : null,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface RegistryConfig {
  readonly dataDir: string;
  readonly address: string;
  readonly htpasswdPath: string | null;
}

function configOf({ dataDir, address, htpasswdPath }: RegistryConfig): string {
  const config = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: dataDir }, delete: { enabled: true } },
    http: { addr: address },
    ...(htpasswdPath === null ? {} : { auth: { htpasswd: { realm: 'berth test', path: htpasswdPath } } }),
  };
  // JSON is YAML.
  return JSON.stringify(config);
}

/** The registry logs the port that the kernel chose. */
async function readPort(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const log: string[] = [];
  const timer = setTimeout(() => reject(new Error(`docker-registry is not up: ${log.join('\n')}`)), START_TIMEOUT_MS);
  child.once('error', reject);
  child.once('close', () => reject(new Error(`docker-registry ended: ${log.join('\n')}`)));
  if (child.stderr === null) throw new Error('stderr is a pipe');
  createInterface({ input: child.stderr }).on('line', (line) => {
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) resolve(Number(port));
    // It goes on logging every request.
    else if (log.length < 50) log.push(line);
  });
  return promise.finally(() => clearTimeout(timer));
}
