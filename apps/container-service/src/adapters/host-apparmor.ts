import { existsSync, readFileSync } from 'node:fs';
import type { AppArmor } from '../plan/apparmor.ts';

const DIRECTORY = 'kernel/security/apparmor';

/** Looks at a host's AppArmor, as containerd does. The profiles are read anew each time: others load them. */
export function readAppArmor(sysfs = '/sys'): AppArmor {
  const switchFile = `${sysfs}/module/apparmor/parameters/enabled`;
  return {
    enabled: existsSync(`${sysfs}/${DIRECTORY}`) && readText(switchFile).startsWith('Y'),
    isLoaded: (profile) =>
      readText(`${sysfs}/${DIRECTORY}/profiles`)
        .split('\n')
        .some((line) => line.startsWith(`${profile} (`)),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
