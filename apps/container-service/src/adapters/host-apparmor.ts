import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { BERTH_PROFILE_TEXT } from '../plan/apparmor-profile.ts';
import type { AppArmor } from '../plan/apparmor.ts';
import type { Log } from '../ports/log.ts';

const DIRECTORY = 'kernel/security/apparmor';
const PARSER_PATH = '/usr/sbin:/sbin:/usr/bin:/bin';
/** A compilation takes milliseconds; who starts a container waits for it. */
const PARSER_TIMEOUT_MS = 10_000;

/** Where a host's AppArmor is, and where to tell of its failures. */
export interface AppArmorOptions {
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly sysfs?: string;
  /** Where apparmor_parser(8) is looked for. */
  readonly path?: string;
}

/**
 * A host's AppArmor. Which profiles are loaded is read anew each time: others load and unload them. A failure to load one is told once, and not
 * tried again: a host without apparmor_parser gets none before somebody comes by.
 */
export function openAppArmor({ log, sysfs = '/sys', path = PARSER_PATH }: AppArmorOptions): AppArmor {
  const isOn = readText(`${sysfs}/module/apparmor/parameters/enabled`).startsWith('Y');
  const enabled = isOn && existsSync(`${sysfs}/${DIRECTORY}`);
  let isHopeless = !enabled;
  return {
    enabled,
    isLoaded: (profile) =>
      readText(`${sysfs}/${DIRECTORY}/profiles`)
        .split('\n')
        .some((line) => line.startsWith(`${profile} (`)),
    load() {
      if (isHopeless) return false;
      try {
        parse(path);
        log.info({}, 'apparmor profile of containers loaded');
      } catch (error) {
        isHopeless = true;
        log.warn({ err: error }, 'apparmor profile not loaded: nothing of apparmor confines containers');
      }
      return !isHopeless;
    },
  };
}

/** It writes nothing to the cache of the host's own profiles. */
function parse(path: string): void {
  execFileSync('apparmor_parser', ['--replace', '--skip-cache', '--quiet'], {
    input: BERTH_PROFILE_TEXT,
    env: { PATH: path },
    timeout: PARSER_TIMEOUT_MS,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
