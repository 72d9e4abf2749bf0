import { open, readFile, rename, rm } from 'node:fs/promises';
import { createKeyedLock } from '@berth/service-kit';
import { errorCode } from '../error-code.ts';
import type { CredentialStore } from '../ports.ts';
import { domainOf } from '../registry-credentials.ts';

type Document = Record<string, unknown> & { auths: Record<string, unknown> };

/** Keeps logins in a file of docker's config.json format that only root can read. What else is in the file stays. */
export function createFileCredentialStore(path: string): CredentialStore {
  const locks = createKeyedLock();

  const change = (edit: (auths: Record<string, unknown>) => void): Promise<void> =>
    locks.run(path, async () => {
      const document = await read(path);
      edit(document.auths);
      await write(path, `${JSON.stringify(document, null, 2)}\n`);
    });

  return {
    set: (domain, { username, password }) =>
      change((auths) => {
        forget(auths, domain);
        auths[domain] = { auth: Buffer.from(`${username}:${password}`, 'utf8').toString('base64') };
      }),
    remove: (domain) => change((auths) => forget(auths, domain)),
  };
}

function forget(auths: Record<string, unknown>, domain: string): void {
  for (const key of Object.keys(auths)) if (domainOf(key) === domain) delete auths[key];
}

async function read(path: string): Promise<Document> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '{}';
    throw error;
  });
  const document = JSON.parse(text) as Record<string, unknown>;
  const { auths } = document;
  return { ...document, auths: typeof auths === 'object' && auths !== null ? { ...auths } : {} };
}

async function write(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
