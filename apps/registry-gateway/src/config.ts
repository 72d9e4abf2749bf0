import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from './error-code.ts';

/** What the operator decides. Every field has a default. */
export interface Config {
  /** Registries that may be asked over plain HTTP or with any certificate, besides loopback: host[:port] or CIDR. */
  readonly insecureRegistries: readonly string[];
  /** By registry domain: hosts of another owner to which its credentials may be sent for a token. */
  readonly tokenServers: Readonly<Record<string, readonly string[]>>;
  /** Most blobs that are fetched at once. Default 6. */
  readonly maxConcurrentFetches: number;
  /** How long a registry may take to accept a connection. Default 30 s. */
  readonly connectTimeoutMs: number;
  /** How long a registry may say nothing before a response or within one. Default 60 s. */
  readonly stallTimeoutMs: number;
  /** How long a blob that is not whole, or that no lease keeps, waits for somebody to want it again. Default 24 h. */
  readonly partialMaxAgeMs: number;
  /** Files of docker's config.json format that hold credentials; the first that knows a registry wins. The first one is that of logins. */
  readonly credentialFiles: readonly [string, ...string[]];
}

const milliseconds = z.number().int().positive();
const schema = z.strictObject({
  insecureRegistries: z.array(z.string()).default([]),
  tokenServers: z.record(z.string(), z.array(z.string())).default({}),
  maxConcurrentFetches: z.number().int().min(1).max(64).default(6),
  connectTimeoutMs: milliseconds.default(30_000),
  stallTimeoutMs: milliseconds.default(60_000),
  partialMaxAgeMs: milliseconds.default(24 * 3600_000),
});

/** Where the configuration is read from. */
export interface ConfigSources {
  readonly env: NodeJS.ProcessEnv;
  /** BERTH_ROOT, or null for the host's own engine. */
  readonly root: string | null;
  readonly stateDir: string;
}

/**
 * Reads `registry-gateway.json` from BERTH_REGISTRY_CONFIG, else from `$BERTH_ROOT/etc` or `/etc/berth`. No file: all defaults.
 * Throws when a file is there and wrong.
 */
export function readConfig({ env, root, stateDir }: ConfigSources): Config {
  const named = env.BERTH_REGISTRY_CONFIG;
  const path = named ?? join(root === null ? '/etc/berth' : join(root, 'etc'), 'registry-gateway.json');
  const text = readIfPresent(path, named !== undefined) ?? '{}';
  const dockerConfig = env.DOCKER_CONFIG ? [join(env.DOCKER_CONFIG, 'config.json')] : [];
  return Object.freeze({
    ...parseConfig(text, path),
    credentialFiles: [join(stateDir, 'credentials.json'), ...dockerConfig] as const,
  });
}

function parseConfig(text: string, path: string): z.output<typeof schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not a valid configuration`, { cause });
  }
}

function readIfPresent(path: string, isRequired: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isRequired && errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
