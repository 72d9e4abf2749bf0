import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestBlob } from '@berth/testkit';

/** An image as a registry tells it, true or not. */
export interface ServedImage {
  readonly manifest: TestBlob;
  readonly blobs: readonly TestBlob[];
}

/** A registry that looks at nothing that it serves. */
export interface ContentServer extends AsyncDisposable {
  /** Serves the image, and returns what to pull. */
  serve(repository: string, image: ServedImage): string;
}

export async function startContentServer(): Promise<ContentServer> {
  const content = new Map<string, TestBlob>();
  const server = createServer(({ url = '' }, response) => {
    const blob = content.get(url);
    if (blob === undefined) return void response.writeHead(url === '/v2/' ? 200 : 404).end();
    const { mediaType, digest, bytes } = blob;
    response.setHeader('content-type', mediaType).setHeader('docker-content-digest', digest).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    serve(repository, { manifest, blobs }) {
      for (const name of ['latest', manifest.digest]) content.set(`/v2/${repository}/manifests/${name}`, manifest);
      for (const blob of blobs) content.set(`/v2/${repository}/blobs/${blob.digest}`, blob);
      return `${host}/${repository}:latest`;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
