import { randomBytes } from 'node:crypto';

/**
 * A new id: 64 hexadecimal digits whose first 12 are not all decimal, so that the short form is never taken for a number
 * (https://github.com/moby/moby/issues/3869).
 */
export function generateContainerId(random: (size: number) => Buffer = randomBytes): string {
  for (;;) {
    const id = random(32).toString('hex');
    if (/[a-f]/.test(id.slice(0, 12))) return id;
  }
}
