import { BerthError } from '@berth/errors';

/** Where programs are looked for unless the image says otherwise. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The user's variables, then those of the image that the user did not name. NAME alone in the user's keeps the image's out. */
export function mergeEnvironment(user: readonly string[], image: readonly string[]): string[] {
  const named = new Set(user.map(variableName));
  return [...user, ...image.filter((entry) => !named.has(variableName(entry)))];
}

/** Throws INVALID_ARGUMENT for a variable without a name, or one that execve could not take. */
export function checkEnvironment(environment: readonly string[]): void {
  for (const entry of environment) {
    if (entry === '' || entry.startsWith('=') || entry.includes('\0')) {
      throw new BerthError('INVALID_ARGUMENT', `invalid environment variable: ${JSON.stringify(entry)}`);
    }
  }
}

/** What the defaults of a process depend on. */
export interface EnvironmentDefaults {
  readonly hostname: string;
  readonly terminal: boolean;
  readonly home: string;
}

/** The environment of a process: PATH, HOSTNAME, TERM and HOME unless `merged` sets them, in the order that Docker has. */
export function processEnvironment(merged: readonly string[], defaults: EnvironmentDefaults): string[] {
  const { hostname, terminal, home } = defaults;
  const environment = new Map([
    ['PATH', `PATH=${DEFAULT_PATH}`],
    ['HOSTNAME', `HOSTNAME=${hostname}`],
  ]);
  if (terminal) environment.set('TERM', 'TERM=xterm');
  for (const entry of merged) {
    const name = variableName(entry);
    if (entry.includes('=')) environment.set(name, entry);
    else environment.delete(name);
  }
  if (!environment.has('HOME')) environment.set('HOME', `HOME=${home}`);
  return [...environment.values()];
}

function variableName(entry: string): string {
  const end = entry.indexOf('=');
  return end === -1 ? entry : entry.slice(0, end);
}
