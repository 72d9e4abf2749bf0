import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';

/** Freezing takes until the last task has come to a point where it can stop: usually at once, long for one in a slow system call. */
const FREEZE = { timeoutMs: 10_000, pollMs: 2 };

/**
 * Freezes or thaws a control group (cgroup-v2, `cgroup.freeze`); resolves when the kernel says so in `cgroup.events`. Rejects with
 * CONTAINER_NOT_RUNNING when it is gone, or goes meanwhile. A group that does not freeze in time is thawed again, and the call rejects with ABORTED.
 */
export async function setFrozen(cgroupDir: string, frozen: boolean): Promise<void> {
  try {
    await freeze(cgroupDir, frozen);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENODEV') throw error;
    throw new BerthError('CONTAINER_NOT_RUNNING', `${cgroupDir} is gone`, { cause: error });
  }
}

async function freeze(cgroupDir: string, frozen: boolean): Promise<void> {
  const file = join(cgroupDir, 'cgroup.freeze');
  await writeFile(file, frozen ? '1' : '0');
  for (
    const deadline = performance.now() + FREEZE.timeoutMs;
    performance.now() < deadline;
    await sleep(FREEZE.pollMs)
  ) {
    if (saysFrozen(await readFile(join(cgroupDir, 'cgroup.events'), 'utf8')) === frozen) return;
  }
  if (frozen) await writeFile(file, '0');
  throw new BerthError('ABORTED', `${cgroupDir} could not be ${frozen ? 'frozen' : 'thawed'} in time`);
}

/** Tells whether a control group is frozen; false when it is gone. */
export function isFrozen(cgroupDir: string): boolean {
  try {
    return saysFrozen(readFileSync(join(cgroupDir, 'cgroup.events'), 'utf8'));
  } catch {
    return false;
  }
}

function saysFrozen(events: string): boolean {
  return /^frozen 1$/m.test(events);
}
