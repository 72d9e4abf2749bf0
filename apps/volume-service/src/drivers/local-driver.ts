import { BerthError } from '@berth/errors';
import type { VolumeDriver } from '../ports.ts';

const KNOWN = ['type', 'o', 'device', 'size'];
/** What an option is nothing without. */
const NEEDS: readonly (readonly [string, readonly string[]])[] = [
  ['device', ['type']],
  ['type', ['device']],
  ['o', ['device', 'type']],
];

/** Docker's driver: a directory of the host, or whatever the kernel can mount (`type`, `device`, `o`). */
export const localDriver: VolumeDriver = {
  name: 'local',
  check(options) {
    const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
    if (unknown !== undefined) throw invalid(`invalid option: ${JSON.stringify(unknown)}`);
    for (const [option, needed] of NEEDS) {
      const missing = Object.hasOwn(options, option)
        ? needed.find((other) => !Object.hasOwn(options, other))
        : undefined;
      if (missing !== undefined) throw invalid(`missing required option: ${JSON.stringify(missing)}`);
    }
    // Of a file system that counts what a directory holds nothing is known yet.
    if (options.size !== undefined) throw invalid('quota size requested but no quota support');
  },
  mountOf({ type, device, o = '' }) {
    if (type === undefined || device === undefined) return null;
    return { type, device, options: o.split(',').filter((option) => option !== '') };
  },
};

function invalid(problem: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', problem);
}
