import { posix } from 'node:path';

/** What an argument of `cp` names. */
export type CopyArgument =
  | { readonly kind: 'stream' }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'container'; readonly container: string; readonly path: string };

/** As docker/cli reads it: what is absolute, has no colon, or begins with a dot is local; `-` is stdin or stdout. */
export function parseCopyArgument(text: string): CopyArgument {
  if (text === '-') return { kind: 'stream' };
  const colon = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || colon === -1) return { kind: 'local', path: text };
  return { kind: 'container', container: text.slice(0, colon), path: absolute('/', text.slice(colon + 1)) };
}

/** A path made absolute and clean; a slash or `/.` at its end, which means something, is kept. */
export function absolute(base: string, path: string): string {
  const clean = posix.resolve(base, path);
  const end = /\/\.?$/.exec(path)?.[0] ?? (path === '.' ? '/.' : '');
  return clean === '/' ? (end === '/.' ? '/.' : '/') : clean + end;
}
