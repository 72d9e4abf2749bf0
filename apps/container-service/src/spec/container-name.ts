import { randomInt } from 'node:crypto';
import { BerthError } from '@berth/errors';
import { ADJECTIVES, SURNAMES } from './name-words.ts';

const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const NAME_MAX_LENGTH = 255;

/** Takes the leading slash off that the API of Docker puts before a name. */
export function stripSlash(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

/** Throws CONTAINER_NAME_INVALID, in Docker's words, when a name is not one. */
export function checkContainerName(name: string): void {
  if (NAME_PATTERN.test(name) && name.length <= NAME_MAX_LENGTH) return;
  throw new BerthError(
    'CONTAINER_NAME_INVALID',
    `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
}

/** What Docker says when a name is taken. */
export function nameInUseError(name: string, holderId: string): BerthError {
  return new BerthError(
    'CONTAINER_NAME_IN_USE',
    `Conflict. The container name "/${name}" is already in use by container "${holderId}". You have to remove (or rename) that ` +
      'container to be able to reuse that name.',
  );
}

/** A name such as `calm_lovelace` that nobody has yet; with a number behind it when the lucky ones are taken. */
export function generateContainerName(isTaken: (name: string) => boolean, random = randomInt): string {
  for (let attempt = 0; ; attempt++) {
    const suffix = attempt < 6 ? '' : String(random(10 ** Math.min(attempt - 5, 9)));
    const name = `${pick(ADJECTIVES, random)}_${pick(SURNAMES, random)}${suffix}`;
    if (!isTaken(name)) return name;
  }
}

function pick(words: readonly string[], random: (max: number) => number): string {
  return words[random(words.length)] as string;
}
