import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Digest } from '@berth/oci';

export interface UploadRegistryOptions {
  /** Keeps what has come of an upload that broke off, and goes on with it. Default: false. */
  readonly isResumable?: boolean;
  /** After how many bytes of a body the connection breaks: an entry for each time. */
  readonly breaks?: number[];
  /** How many uploads are stored without an answer. */
  readonly lostAnswers?: number;
  /** Says that it keeps something else. */
  readonly isLying?: boolean;
  /** Milliseconds between two reads of a body. */
  readonly pauseMs?: number;
  /** Answers instead; false: it is not one of its own. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Where uploads go on. Default: here. */
  readonly uploadOrigin?: string;
}

/** A registry in memory that takes uploads, and fails as a test wants. */
export interface UploadRegistry extends AsyncDisposable {
  readonly host: string;
  /** By repository and digest: `a sha256:…`. */
  readonly blobs: Map<string, Buffer>;
  /** By repository and tag or digest. */
  readonly manifests: Map<string, Buffer>;
  /** `PUT /v2/a/…`, without queries. */
  readonly seen: string[];
  /** Of all bodies, bytes. */
  readonly receivedBytes: () => number;
  /** Uploads that neither ended nor were cancelled. */
  readonly open: Map<string, Buffer>;
}

export async function startUploadRegistry(options: UploadRegistryOptions = {}): Promise<UploadRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const open = new Map<string, Buffer>();
  const seen: string[] = [];
  const breaks = [...(options.breaks ?? [])];
  let lostAnswers = options.lostAnswers ?? 0;
  let receivedBytes = 0;
  let count = 0;

  /** Null: the connection was broken. */
  async function readBody(request: IncomingMessage): Promise<{ body: Buffer; isBroken: boolean }> {
    const chunks: Buffer[] = [];
    let size = 0;
    const limit = Number(request.headers['content-length'] ?? 0) > 0 ? (breaks.shift() ?? Infinity) : Infinity;
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).byteLength;
      receivedBytes += (chunk as Buffer).byteLength;
      if (size >= limit) return { body: Buffer.concat(chunks), isBroken: true };
      if (options.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
    return { body: Buffer.concat(chunks), isBroken: false };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', `http://${host}`);
    // A request whose body was not read to its end has none any more.
    const { socket } = request;
    seen.push(`${request.method} ${url.pathname}`);
    if (options.answer?.(request, response) === true) return;
    const [, repository = '', kind = '', name = ''] =
      /^\/v2\/(.+)\/(blobs|manifests|uploads)\/(.+)$/.exec(url.pathname) ?? [];
    const end = (status: number, headers: Record<string, string> = {}, body = '') =>
      response.writeHead(status, headers).end(body);
    if (kind === 'blobs' && request.method === 'POST') {
      const [from, mount] = [url.searchParams.get('from'), url.searchParams.get('mount')];
      const lent = blobs.get(`${from} ${mount}`);
      if (lent !== undefined) {
        blobs.set(`${repository} ${mount}`, lent);
        return void end(201);
      }
      const id = String(++count);
      open.set(id, Buffer.alloc(0));
      return void end(202, { location: `${options.uploadOrigin ?? ''}/v2/${repository}/uploads/${id}?state=1` });
    }
    if (kind === 'blobs') {
      const blob = blobs.get(`${repository} ${name}`);
      return void end(blob === undefined ? 404 : 200, { 'content-length': String(blob?.byteLength ?? 0) });
    }
    const { body, isBroken } = await readBody(request);
    if (kind === 'manifests') {
      manifests.set(`${repository} ${name}`, body);
      return void end(201, {
        'docker-content-digest': options.isLying ? sha256Digest(Buffer.from('x')) : sha256Digest(body),
      });
    }
    const begun = open.get(name);
    if (begun === undefined) return void end(404, {}, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');
    if (request.method === 'DELETE') return void (open.delete(name), end(204));
    if (request.method === 'GET') {
      return void end(204, { location: `${url.pathname}?state=2`, range: `0-${begun.byteLength - 1}` });
    }
    const whole = Buffer.concat([begun, body]);
    if (isBroken) {
      if (options.isResumable) open.set(name, whole);
      else open.delete(name);
      return void socket.destroy();
    }
    open.set(name, whole);
    if (request.method === 'PATCH') return void end(202, { location: `${url.pathname}?state=3` });
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256Digest(whole) !== digest) return void end(400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}');
    open.delete(name);
    blobs.set(`${repository} ${digest}`, whole);
    if (lostAnswers-- > 0) return void socket.destroy();
    end(201, options.isLying ? { 'docker-content-digest': sha256Digest(Buffer.from('x')) } : {});
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    blobs,
    manifests,
    seen,
    open,
    receivedBytes: () => receivedBytes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
