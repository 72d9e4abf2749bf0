import { readFile } from 'node:fs/promises';
import { errorCode } from '../error-code.ts';
import type { CredentialSource } from '../ports.ts';
import { parseDockerConfig } from '../registry-credentials.ts';

/**
 * Credentials from files of docker's config.json format, read anew each time, so that a login counts at once. The first file that
 * knows a registry wins; a missing file knows none.
 */
export function createFileCredentialSource(paths: readonly string[]): CredentialSource {
  return {
    async get(domain) {
      for (const path of paths) {
        const found = (await readCredentials(path)).get(domain);
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}

async function readCredentials(path: string): Promise<ReturnType<typeof parseDockerConfig>> {
  try {
    return parseDockerConfig(await readFile(path, 'utf8'));
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return new Map();
    // The cause may quote the file, and with it secrets.
    throw new Error(`${path} is not a file of docker's config.json format`);
  }
}
