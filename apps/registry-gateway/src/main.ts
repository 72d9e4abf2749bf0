import { join } from 'node:path';
import { RegistryServiceDefinition } from '@berth/proto/registry';
import { bindService, openCommitFlush, runService, type ServiceContext, type StartedService } from '@berth/service-kit';
import { openFileContentStore } from './adapters/file-content-store.ts';
import { createFileCredentialStore } from './adapters/file-credential-store.ts';
import { createFileCredentialSource } from './adapters/file-credential-source.ts';
import { createAuthorizer } from './adapters/http/authorizer.ts';
import { createRegistrySession, type RegistrySession } from './adapters/http/registry-session.ts';
import { createTransport, type Transport } from './adapters/http/transport.ts';
import { createHttpRegistryClient } from './adapters/http-registry-client.ts';
import { createHttpRegistryPusher } from './adapters/http-registry-pusher.ts';
import { createHttpRegistryServer } from './adapters/http-registry-server.ts';
import { readFileRange } from './adapters/read-file-range.ts';
import { createSqliteBlobIndex, MIGRATIONS } from './adapters/sqlite-blob-index.ts';
import { createSqliteBlobSources } from './adapters/sqlite-blob-sources.ts';
import { sweepContent, sweepPartials } from './adapters/sweep-content.ts';
import { readConfig, type Config } from './config.ts';
import { createFetchBlob } from './fetch-blob.ts';
import { createGetManifest, createResolveReference } from './get-manifest.ts';
import { createRegistryHandlers } from './grpc/registry-handlers.ts';
import { createIngestBlob } from './ingest-blob.ts';
import { createLogins } from './logins.ts';
import { createPushBlob } from './push-blob.ts';
import { createPushManifest } from './push-manifest.ts';
import { createSearchRepositories } from './search-repositories.ts';
import { createSlots } from './slots.ts';

const RETRY_DELAY_MS = 500;
const SWEEP_INTERVAL_MS = 3600_000;

await runService({ name: 'registry-gateway', migrations: MIGRATIONS, synchronous: 'NORMAL', start });

async function start({ env, paths, stateDir, database, log }: ServiceContext): Promise<StartedService> {
  const config = readConfig({ env, root: paths.root, stateDir });
  const flush = openCommitFlush(join(stateDir, 'state.db'));
  const index = createSqliteBlobIndex(database, flush);
  // What an earlier run has removed may be in memory only.
  flush.begin();
  await flush.settled();
  log.info(await sweepContent(stateDir, index, config.partialMaxAgeMs), 'content swept');
  const store = await openFileContentStore({ dir: stateDir, index, settled: flush.settled });
  const transport = createTransport(config);
  const session = createSession(transport, config);
  const registry = createHttpRegistryClient(session);
  const server = createHttpRegistryServer(session);
  const pusher = createHttpRegistryPusher(session);
  const sources = createSqliteBlobSources(database, Date.now);
  const handlers = createRegistryHandlers({
    store,
    resolveReference: createResolveReference({ store, registry }),
    getManifest: createGetManifest({ store, registry }),
    fetchBlob: createFetchBlob({
      store,
      registry,
      sources,
      slots: createSlots(config.maxConcurrentFetches),
      retryDelayMs: RETRY_DELAY_MS,
    }),
    ingestBlob: createIngestBlob(store, readFileRange),
    pushBlob: createPushBlob({ store, registry: pusher, sources, retryDelayMs: RETRY_DELAY_MS }),
    pushManifest: createPushManifest({ store, registry: pusher }),
    listTags: (request) => registry.listTags(request),
    searchRepositories: createSearchRepositories(server),
    logins: createLogins({ server, store: createFileCredentialStore(config.credentialFiles[0]) }),
  });
  const sweep = async (): Promise<void> => {
    try {
      await sweepPartials(stateDir, config.partialMaxAgeMs);
      await store.removeUnused(config.partialMaxAgeMs);
    } catch (error) {
      log.warn({ err: error }, 'cannot sweep unused content');
    }
  };
  void sweep();
  const sweeper = setInterval(() => void sweep(), SWEEP_INTERVAL_MS);
  return {
    bindings: [bindService(RegistryServiceDefinition, handlers)],
    settled: flush.settled,
    close() {
      clearInterval(sweeper);
      transport.close();
    },
  };
}

function createSession(transport: Transport, config: Config): RegistrySession {
  const authorizer = createAuthorizer({
    transport,
    credentialSource: createFileCredentialSource(config.credentialFiles),
    tokenServers: config.tokenServers,
    now: Date.now,
  });
  const { insecureRegistries } = config;
  return createRegistrySession({
    transport,
    authorizer,
    insecureRegistries,
    retryDelayMs: RETRY_DELAY_MS,
    now: Date.now,
  });
}
