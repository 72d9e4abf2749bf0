import type { Cleaner } from './clean-leftovers.ts';
import type { Container } from './container.ts';
import type { NetworkAttachment } from './container-config.ts';
import type { Fault } from './fault.ts';
import { attachmentsOf } from './network/attachments.ts';
import type { ContainerPlaces, TakenPlaces } from './network/container-places.ts';
import { PREDEFINED_NETWORKS } from './network/network.ts';
import { wantedBindings } from './network/port-pool.ts';
import type { PlannedStart, PlanStart, ProcessHold } from './plan-start.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import { joinedNamespaces } from './plan/namespaces.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { PreparedSnapshot } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { StartedProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Rootfs } from './mount.ts';

/** What starting early needs. */
export interface EarlyStartDeps {
  readonly runtime: Runtime;
  readonly files: ContainerFiles;
  readonly places: ContainerPlaces;
  readonly planStart: PlanStart;
  readonly plans: Pick<PlanBuilder, 'apparmorProfile'>;
  readonly cleaner: Pick<Cleaner, 'cleanRuntime'>;
  readonly fault: Fault;
  readonly log: Log;
}

/** The start of a container that is not created yet. One of finish and cancel is called, once. */
export interface EarlyStart {
  readonly places: TakenPlaces;
  readonly planned: Promise<PlannedStart>;
  /** Runs it, now that it is created. Resolves and throws as Runtime.startContainer. */
  finish(rootfs: Rootfs): Promise<StartedProcess>;
  /** It is not created, or is not what it was thought to be. Resolves when nothing of it is left; never rejects. */
  cancel(): Promise<void>;
}

/**
 * Begins the start of a container as it will be when its image is still what its name last stood for: the kernel's part takes place while
 * image-service prepares the snapshot. Null for one that has what must be claimed, in a row, first: ports, volumes, other containers, names.
 */
export type BeginEarly = (draft: Container, last: PreparedSnapshot, hold: ProcessHold) => EarlyStart | null;

export function createBeginEarly(deps: EarlyStartDeps): BeginEarly {
  const { runtime, files, places, planStart, plans, cleaner, fault, log } = deps;

  function takePlaces(draft: Container): TakenPlaces | null {
    try {
      return places.take(draft);
    } catch {
      // The start that follows fails in the same way, and tells it.
      return null;
    }
  }

  async function takeBack(id: string, taken: TakenPlaces): Promise<void> {
    if (files.hasRuntime(id)) await cleaner.cleanRuntime(id);
    await files.remove(id);
    places.release(taken);
  }

  return (draft, last, hold) => {
    const { id } = draft;
    const taken = mayBegin(draft, last) ? takePlaces(draft) : null;
    if (taken === null) return null;
    const apparmorProfile = plans.apparmorProfile(draft);
    const starting = { ...draft, state: { ...draft.state, ...taken, apparmorProfile } };
    const planned = planStart(starting, last, hold);
    const begin = async () => {
      const { planOf } = await planned;
      const begun = await runtime.beginContainer(planOf(starting));
      fault('create:begun');
      return begun;
    };
    const begun = begin();
    // Told to whoever finishes it.
    begun.catch(() => {});
    return {
      places: taken,
      planned,
      finish: async (rootfs) => (await begun).finish(rootfs),
      async cancel() {
        await begun.then(({ abandon }) => abandon()).catch(() => {});
        await takeBack(id, taken).catch((error: unknown) => {
          log.warn(
            { containerId: id, err: error },
            'early start not cleaned up, the next start of the service does it',
          );
        });
      },
    };
  };
}

/** Tells whether all that a container has but its root is its own alone. */
function mayBegin(draft: Container, { image }: PreparedSnapshot): boolean {
  const { mounts, volumesFrom, userNamespaceMode } = draft.config;
  if (mounts.length > 0 || volumesFrom.length > 0 || image.volumes.length > 0) return false;
  if (userNamespaceMode === 'auto' || wantedBindings(draft).length > 0) return false;
  return joinedNamespaces(draft.config).size === 0 && attachmentsOf(draft.config).every(isOnOwnNetwork);
}

function isOnOwnNetwork({ network }: NetworkAttachment): boolean {
  return PREDEFINED_NETWORKS.some((own) => own === network);
}
