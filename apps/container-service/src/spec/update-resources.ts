import { BerthError } from '@berth/errors';
import { NO_LIMITS, type Resources } from '../resources.ts';

/** The limits after an update, in which zero and empty mean: as before. Throws INVALID_ARGUMENT, in moby's words. */
export function updateResources(before: Resources, update: Resources): Resources {
  const { nanoCpus, cpuPeriod, cpuQuota, memoryBytes, memorySwapBytes } = update;
  refuse(nanoCpus > 0 && before.cpuPeriod > 0, conflict('Nano CPUs', 'CPU Period'));
  refuse(nanoCpus > 0 && before.cpuQuota > 0, conflict('Nano CPUs', 'CPU Quota'));
  refuse(cpuPeriod > 0 && before.nanoCpus > 0, conflict('CPU Period', 'NanoCPUs'));
  refuse(cpuQuota > 0 && before.nanoCpus > 0, conflict('CPU Quota', 'NanoCPUs'));
  refuse(
    memorySwapBytes === 0 && before.memorySwapBytes > 0 && memoryBytes > before.memorySwapBytes,
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  );
  const given = Object.entries(update).filter(([name, value]) => isGiven(name as keyof Resources, value));
  return { ...before, ...Object.fromEntries(given) };
}

/** What cannot change once a container is made. */
const FIXED: readonly (keyof Resources)[] = ['ulimits', 'shmSizeBytes', 'cgroupParent'];

/** Tells whether an update changes a limit; what cannot be changed is left as it was. */
function isGiven(name: keyof Resources, value: unknown): boolean {
  if (FIXED.includes(name)) return false;
  return Array.isArray(value) ? value.length > 0 : value !== NO_LIMITS[name];
}

function conflict(wanted: string, present: string): string {
  return `Conflicting options: ${wanted} cannot be updated as ${present} has already been set`;
}

function refuse(isWrong: boolean, message: string): void {
  if (isWrong) throw new BerthError('INVALID_ARGUMENT', message);
}
