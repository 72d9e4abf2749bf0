import type { HttpResponse } from './transport.ts';

/** Reads a body of at most `maxBytes`. Null when it is longer; then the connection is closed. */
export async function readBody(response: HttpResponse, maxBytes: number): Promise<Buffer | null> {
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) {
    response.discard();
    return null;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop destroys the stream.
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Reads the beginning of a text that is only shown or hinted at; broken bodies count as empty. */
export async function readText(response: HttpResponse, maxBytes: number): Promise<string> {
  try {
    const bytes = await readBody(response, maxBytes);
    return bytes?.toString('utf8') ?? '';
  } catch {
    return '';
  }
}
