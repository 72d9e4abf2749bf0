import type { IsolationConfig } from '../isolation.ts';

/** What AppArmor is on the host. */
export interface AppArmor {
  readonly enabled: boolean;
  /** Whether a profile of this name is loaded. */
  isLoaded(profile: string): boolean;
  /** Loads Berth's own profile, in place of what there is of that name. Tells whether the host has taken it; is quick to say no again. */
  load(): boolean;
}

/** The profile that Berth writes and loads for containers. */
export const BERTH_PROFILE = 'berth-default';

/** Docker's, which the host may have from there. Its rules are those of Berth's. */
const DOCKER_PROFILE = 'docker-default';

/**
 * The profile of a container's processes, those of execs too; empty for none. A host without AppArmor has none, whatever is asked for, as
 * with moby. Where the host does not take Berth's own, nothing confines containers for which nobody has asked for one.
 */
export function apparmorProfileOf({ apparmorProfile, privileged }: IsolationConfig, host: AppArmor): string {
  if (!host.enabled) return '';
  if (apparmorProfile === '' && privileged) return 'unconfined';
  if (apparmorProfile === '') return hasDefaultProfile(host) ? BERTH_PROFILE : '';
  const isDefault = apparmorProfile === DOCKER_PROFILE && !host.isLoaded(DOCKER_PROFILE);
  const profile = isDefault ? BERTH_PROFILE : apparmorProfile;
  if (profile === BERTH_PROFILE) hasDefaultProfile(host);
  return profile;
}

/** Tells whether containers have a profile when nobody asks for one. Who unloads the profiles of others takes Berth's along: then it is loaded again. */
export function hasDefaultProfile(host: AppArmor): boolean {
  return host.enabled && (host.isLoaded(BERTH_PROFILE) || host.load());
}
