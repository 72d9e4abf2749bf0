import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Digest } from '@berth/oci';

/** A request as the registry saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | null;
  readonly range: string | null;
  readonly body: string;
}

/** Answers a request; false: it is not one of its own. */
export type Answer = (request: SeenRequest, response: ServerResponse) => boolean | void;

/** A registry that does what a test wants, on a free port of loopback, over plain HTTP. */
export interface HostileRegistry extends AsyncDisposable {
  /** `127.0.0.1:40123` */
  readonly host: string;
  readonly seen: SeenRequest[];
  /** Tried in order before the built-in 404. */
  readonly answers: Answer[];
}

export async function startHostileRegistry(...answers: Answer[]): Promise<HostileRegistry> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => void handle(request, response));
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const body = Buffer.concat(chunks).toString();
    const one = { method, url, authorization: headers.authorization ?? null, range: headers.range ?? null, body };
    seen.push(one);
    if (!answers.some((answer) => answer(one, response) !== false)) response.writeHead(404).end();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    seen,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves a manifest under a tag and under its digest. */
export function manifestAnswer(
  tag: string,
  mediaType: string,
  content: Buffer,
  headers: Record<string, string> = {},
): Answer {
  const digest = sha256Digest(content);
  return ({ method, url }, response) => {
    if (!url.endsWith(`/manifests/${tag}`) && !url.endsWith(`/manifests/${digest}`)) return false;
    response.writeHead(200, {
      'content-type': mediaType,
      'content-length': content.byteLength,
      'docker-content-digest': digest,
      ...headers,
    });
    response.end(method === 'HEAD' ? undefined : content);
    return true;
  };
}

/** Serves a blob, with ranges. */
export function blobAnswer(digest: string, content: Buffer): Answer {
  return ({ url, range }, response) => {
    if (!url.split('?', 1)[0]?.endsWith(`/blobs/${digest}`)) return false;
    const start = rangeStart(range);
    const status = start === 0 ? 200 : 206;
    if (start > 0)
      response.setHeader('content-range', `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`);
    response.writeHead(status, { 'content-length': content.byteLength - start }).end(content.subarray(start));
    return true;
  };
}

/** Where a Range header begins; 0 without one. */
export function rangeStart(range: string | null): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}
