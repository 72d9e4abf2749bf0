import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll } from '@jest/globals';
import { type TestBlob, type TestImage } from '@berth/testkit';

/** What a registry may do wrong with content that is right. */
export interface Tampering {
  /** Returns the bytes that are sent in place of a blob's. */
  blob?(blob: TestBlob): Buffer;
  /** Ends the connection after this many bytes of a blob. */
  cutBlobAt?(blob: TestBlob): number | null;
  /** Returns the bytes that are sent in place of the manifest's. */
  manifest?(manifest: TestBlob): Buffer;
}

/** A registry in memory that lies. */
export interface HostileRegistry {
  readonly host: string;
  /** Serves an image, tampered with, under `name:latest`. */
  serve(name: string, image: TestImage, tampering?: Tampering): void;
}

interface Served {
  readonly image: TestImage;
  readonly tampering: Tampering;
}

/** Starts it before the tests of a file, and stops it after them. */
export function useHostileRegistry(): HostileRegistry {
  const served = new Map<string, Served>();
  const server = createServer((request, response) => answer(request, response, served));
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get host() {
      return `127.0.0.1:${(server.address() as { port: number }).port}`;
    },
    serve: (name, image, tampering = {}) => void served.set(name, { image, tampering }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, served: ReadonlyMap<string, Served>): void {
  const [, name, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
  if (request.url === '/v2/') return void response.end('{}');
  const entry = served.get(name ?? '');
  if (entry === undefined) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
  if (kind === 'manifests') return sendManifest(request, response, entry);
  const { config, layers } = entry.image;
  const blob = [config, ...layers].find(({ digest }) => digest === reference);
  if (blob === undefined) return void response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN"}]}');
  sendBlob(response, blob, entry.tampering);
}

function sendManifest(request: IncomingMessage, response: ServerResponse, { image, tampering }: Served): void {
  const { manifest } = image;
  const bytes = tampering.manifest?.(manifest) ?? manifest.bytes;
  response.writeHead(200, {
    'content-type': manifest.mediaType,
    'content-length': bytes.length,
    'docker-content-digest': manifest.digest,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function sendBlob(response: ServerResponse, blob: TestBlob, tampering: Tampering): void {
  const bytes = tampering.blob?.(blob) ?? blob.bytes;
  const cut = tampering.cutBlobAt?.(blob) ?? null;
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  if (cut === null) return void response.end(bytes);
  response.write(bytes.subarray(0, cut), () => response.destroy());
}
