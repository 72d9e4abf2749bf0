import { checkPropagation, prepareBindSource } from './bind-sources.ts';
import type { Cleaner } from './clean-leftovers.ts';
import type { Container, Identity } from './container.ts';
import type { TerminalSize } from './container-config.ts';
import type { FileVisits } from './file-visits.ts';
import { joinedContainer } from './isolation.ts';
import { planJoins } from './join-namespaces.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { ContainerPlaces } from './network/container-places.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerPlan } from './plan/plan.ts';
import type { ContainerFiles, HostPaths } from './ports/files.ts';
import type { ContainerStore } from './ports/stores.ts';
import { resolveUser, type UserDatabase } from './spec/user.ts';
import type { VolumeMounts } from './volume-mounts.ts';

/** What planning a start needs. */
export interface PlanStartDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly hostPaths: HostPaths;
  readonly places: ContainerPlaces;
  readonly names: Pick<ContainerNames, 'loopbackServerOf'>;
  readonly plans: PlanBuilder;
  readonly cleaner: Pick<Cleaner, 'cleanEarlierRuntime'>;
  readonly volumeMounts: VolumeMounts;
  readonly visits: Pick<FileVisits, 'settled'>;
}

/** How the first process of a container is held. */
export interface ProcessHold {
  readonly terminalSize: TerminalSize | null;
  /** True: the caller reads the output of the process to its end, or closes it. False: there is none. */
  readonly attach: boolean;
}

/** A start for which all is ready. */
export interface PlannedStart {
  readonly identity: Identity;
  /** The plan for the container as it is claimed by then: with its root, and the ports that it got. */
  planOf(claimed: Container): ContainerPlan;
}

/** Makes what a container needs on the host ready, and plans its start. Throws what a user, a mount or a network is refused for. */
export type PlanStart = (starting: Container, accounts: UserDatabase, hold: ProcessHold) => Promise<PlannedStart>;

export function createPlanStart(deps: PlanStartDeps): PlanStart {
  const { store, files, places, names, plans, volumeMounts } = deps;

  return async (starting, accounts, { terminalSize, attach }) => {
    const { id, user, config } = starting;
    const identity = resolveUser(user, accounts, config.isolation.additionalGroups);
    const joins = planJoins({ store, files }, starting);
    for (const mount of starting.mounts) {
      prepareBindSource(deps.hostPaths, mount);
      checkPropagation(deps.hostPaths, mount);
    }
    if (files.hasRuntime(id)) await deps.cleaner.cleanEarlierRuntime(id);
    files.prepare(id, places.nameFiles(starting));
    await deps.visits.settled(id);
    await places.prepare(starting);
    const paths = files.paths(id);
    const nameOwner = joinedContainer(config.networkMode);
    const input = {
      identity,
      joins,
      interfaces: places.interfaces(starting),
      nameServer: names.loopbackServerOf(starting),
      stateDir: paths.stateDir,
      files: nameOwner === null ? paths : { ...files.paths(nameOwner), log: paths.log },
      terminalSize,
      detached: !attach,
    };
    const { mounts } = await volumeMounts.resolve(starting);
    const planOf = (claimed: Container): ContainerPlan =>
      plans.container({ ...claimed, mounts }, { ...input, peers: volumeMounts.peersOf(starting) });
    return { identity, planOf };
  };
}
