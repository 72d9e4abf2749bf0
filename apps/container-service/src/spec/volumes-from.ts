import { BerthError } from '@berth/errors';
import { volumeModeProblem } from './volume-mode.ts';

/** Another container whose mounts one has too. */
export interface VolumesFrom {
  readonly container: string;
  /** True makes all of them read-only. */
  readonly readonly: boolean;
}

/** Parses `CONTAINER[:mode]`. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseVolumesFrom(text: string): VolumesFrom {
  if (text === '') throw invalid('volumes-from specification cannot be an empty string');
  const colon = text.indexOf(':');
  const container = colon === -1 ? text : text.slice(0, colon);
  const mode = colon === -1 ? 'rw' : text.slice(colon + 1);
  const problem = volumeModeProblem(mode);
  if (problem !== null) throw invalid(problem);
  const options = mode.split(',');
  // Neither whether mounts pass on, nor whether files are copied, can be said anew.
  if (options.some((option) => /^r?(private|slave|shared)$|^nocopy$/.test(option))) {
    throw invalid(`invalid volume specification: '${text}'`);
  }
  return { container, readonly: options.includes('ro') };
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
