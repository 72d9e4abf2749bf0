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
    const { type, o = '', size } = options;
    if (parseSize(size) === 0 || type === undefined) return;
    if (type !== 'tmpfs') {
      throw invalid(
        'conflicting options: "size" limits a directory or a tmpfs; all else that is mounted has a size of its own',
      );
    }
    if (mountOptions(o).some((option) => option.startsWith('size='))) {
      throw invalid('conflicting options: "size" is also in "o"');
    }
  },
  limitOf: ({ type, size }) => (type === undefined ? parseSize(size) : 0),
  mountOf({ type, device, o = '', size }) {
    if (type === undefined || device === undefined) return null;
    const sizeBytes = parseSize(size);
    return { type, device, options: [...mountOptions(o), ...(sizeBytes > 0 ? [`size=${sizeBytes}`] : [])] };
  },
};

function mountOptions(o: string): string[] {
  return o.split(',').filter((option) => option !== '');
}

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
