import { STATUS_CODES } from 'node:http';
import { BerthError } from '@berth/errors';
import { z } from 'zod';
import type { RegistryCredentials } from '../registry-credentials.ts';
import type { RegistryServer, SearchResult } from '../ports.ts';
import { printable } from '../registry-error.ts';
import { readBody } from './http/read-body.ts';
import type { RegistrySession } from './http/registry-session.ts';
import type { HttpResponse } from './http/transport.ts';

const RESULTS_MAX_BYTES = 1024 * 1024;

const schema = z.object({
  results: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().nullish(),
        star_count: z.number().int().nonnegative().nullish(),
        is_official: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

/** Asks over HTTP. */
export function createHttpRegistryServer(session: RegistrySession): RegistryServer {
  function get(
    domain: string,
    path: string,
    { credentials, signal }: { credentials: RegistryCredentials | null; signal: AbortSignal },
  ): Promise<HttpResponse> {
    const repository = { domain, path: '' };
    const access = { action: 'none', mountFrom: null } as const;
    return session.send({ method: 'GET', path, headers: {}, repository, credentials, signal, access });
  }

  return {
    async checkCredentials(server, credentials, signal) {
      const response = await get(server, '/v2/', { credentials, signal });
      response.discard();
      if (response.status === 200) return;
      const { status, url } = response;
      throw new BerthError(
        status === 401 || status === 403 ? 'REGISTRY_UNAUTHORIZED' : 'REGISTRY_PROTOCOL',
        `login attempt to ${url.href} failed with status: ${status} ${STATUS_CODES[status] ?? ''}`,
      );
    },

    async search(server, { term, limit }, signal) {
      const query = new URLSearchParams({ q: term, n: String(limit) });
      const host = server === 'docker.io' ? 'index.docker.io' : server;
      const response = await get(host, `/v1/search?${query}`, { credentials: null, signal });
      if (response.status !== 200) throw noSearch(response, server);
      return parseResults(await readBody(response, RESULTS_MAX_BYTES), response.url);
    },
  };
}

function noSearch(response: HttpResponse, server: string): BerthError {
  response.discard();
  const { status } = response;
  const hint = status === 404 ? `: ${server} has no search` : '';
  return new BerthError(
    status >= 500 ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_REFUSED',
    `Unexpected status code ${status}${hint}`,
  );
}

function parseResults(bytes: Buffer | null, url: URL): SearchResult[] {
  const parsed = schema.safeParse(parseJson(bytes?.toString('utf8') ?? ''));
  if (!parsed.success) {
    throw new BerthError('REGISTRY_PROTOCOL', `${url.origin} answered with what is no result of a search`);
  }
  return (parsed.data.results ?? []).map(({ name, description, star_count, is_official }) => ({
    name: printable(name),
    description: printable(description ?? ''),
    starCount: star_count ?? 0,
    isOfficial: is_official ?? false,
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
