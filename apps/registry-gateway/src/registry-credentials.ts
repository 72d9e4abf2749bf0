import { z } from 'zod';

/** How to prove to a registry who asks. */
export type RegistryCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token that a token server gave at login. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
type Entry = z.output<typeof entrySchema>;

const fileSchema = z.object({ auths: z.record(z.string(), entrySchema).optional() });

const DOCKER_HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** Parses a docker `config.json` into credentials by registry domain. Throws when it is no such file. Helpers are not asked. */
export function parseDockerConfig(text: string): Map<string, RegistryCredentials> {
  const { auths = {} } = fileSchema.parse(JSON.parse(text));
  const found = Object.entries(auths).map(([key, entry]) => [domainOf(key), toCredentials(entry)] as const);
  return new Map(found.filter((pair): pair is [string, RegistryCredentials] => pair[1] !== null));
}

/** The registry that a user or a file names, also as a URL: `https://index.docker.io/v1/`. */
export function domainOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return DOCKER_HUB_NAMES.includes(host) ? 'docker.io' : host;
}

function toCredentials(entry: Entry): RegistryCredentials | null {
  if (entry.registrytoken) return { kind: 'registry-token', token: entry.registrytoken };
  if (entry.identitytoken) return { kind: 'identity-token', token: entry.identitytoken };
  if (entry.auth) return fromBase64(entry.auth);
  if (entry.username) return { kind: 'password', username: entry.username, password: entry.password ?? '' };
  return null;
}

function fromBase64(auth: string): RegistryCredentials | null {
  // Docker pads with NUL bytes.
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  return colon <= 0 ? null : { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
