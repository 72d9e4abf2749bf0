import { createAuthorizer } from '../src/adapters/http/authorizer.ts';
import { createRegistrySession } from '../src/adapters/http/registry-session.ts';
import { createTransport } from '../src/adapters/http/transport.ts';
import { createHttpRegistryClient } from '../src/adapters/http-registry-client.ts';
import { createHttpRegistryPusher } from '../src/adapters/http-registry-pusher.ts';
import { createHttpRegistryServer } from '../src/adapters/http-registry-server.ts';
import type { RegistryClient, RegistryPusher, RegistryRequest, RegistryServer } from '../src/ports.ts';
import type { RegistryCredentials } from '../src/registry-credentials.ts';

/** The real HTTP client, with short waits. */
export interface RegistryUnderTest extends Disposable {
  readonly client: RegistryClient;
  readonly pusher: RegistryPusher;
  readonly server: RegistryServer;
}

export interface RegistryUnderTestOptions {
  readonly stallTimeoutMs?: number;
  /** The gateway's own, by domain. */
  readonly credentials?: Readonly<Record<string, RegistryCredentials>>;
  readonly tokenServers?: Readonly<Record<string, readonly string[]>>;
  readonly now?: () => number;
}

export function createRegistryUnderTest(options: RegistryUnderTestOptions = {}): RegistryUnderTest {
  const { stallTimeoutMs = 2000, credentials = {}, tokenServers = {}, now = Date.now } = options;
  const transport = createTransport({ connectTimeoutMs: 2000, stallTimeoutMs });
  const credentialSource = { get: async (domain: string) => credentials[domain] ?? null };
  const authorizer = createAuthorizer({ transport, credentialSource, tokenServers, now });
  const session = createRegistrySession({ transport, authorizer, insecureRegistries: [], retryDelayMs: 5, now });
  const [client, pusher] = [createHttpRegistryClient(session), createHttpRegistryPusher(session)];
  return { client, pusher, server: createHttpRegistryServer(session), [Symbol.dispose]: () => transport.close() };
}

/** A request to the repository `a` of a host. */
export function requestTo(
  host: string,
  {
    credentials = null,
    signal = new AbortController().signal,
    path = 'a',
  }: Partial<RegistryRequest> & { path?: string } = {},
): RegistryRequest {
  return { repository: { domain: host, path }, credentials, signal };
}

export async function readAll(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
