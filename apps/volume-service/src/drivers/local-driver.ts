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
    if (parseSize(options.size) > 0 && options.type !== undefined) {
      throw invalid('conflicting options: "size" limits a directory; what is mounted has its size in "o"');
    }
  },
  limitOf: ({ size }) => parseSize(size),
  mountOf({ type, device, o = '' }) {
    if (type === undefined || device === undefined) return null;
    return { type, device, options: o.split(',').filter((option) => option !== '') };
  },
};

const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** As go-units' RAMInBytes, `512m` or `1.5GiB`: bytes; 0 when nothing is said. */
function parseSize(text = '0'): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d*)?|\.\d+) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (number === '') throw invalid(`invalid size: '${text}'`);
  return Math.trunc(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
}

function invalid(problem: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', problem);
}
