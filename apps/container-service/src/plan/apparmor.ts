import type { IsolationConfig } from '../isolation.ts';

/** What AppArmor is on the host. */
export interface AppArmor {
  readonly enabled: boolean;
  /** Whether a profile of this name is loaded. */
  isLoaded(profile: string): boolean;
}

/** The profile that Docker writes and loads for containers. */
const DEFAULT_PROFILE = 'docker-default';

/**
 * The profile of a container's processes, those of execs too; empty for none. A host without AppArmor has none, whatever is asked for, as
 * with moby. Unlike moby, Berth loads none: containers are under the default profile where something else has loaded it.
 */
export function apparmorProfileOf({ apparmorProfile, privileged }: IsolationConfig, host: AppArmor): string {
  if (!host.enabled) return '';
  if (apparmorProfile === '' && privileged) return 'unconfined';
  if (apparmorProfile !== '' && apparmorProfile !== DEFAULT_PROFILE) return apparmorProfile;
  return host.isLoaded(DEFAULT_PROFILE) ? DEFAULT_PROFILE : '';
}
