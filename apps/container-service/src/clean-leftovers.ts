import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineNetwork } from './network/engine-network.ts';
import type { Networks } from './network/networks.ts';
import type { PortPool } from './network/port-pool.ts';
import type { Fault } from './fault.ts';
import type { ClientLogs } from './logs/client-logs.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore, Leftover } from './ports/stores.ts';
import type { VolumeClient } from './ports/volumes.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { PublicationPlan } from './plan/plan.ts';
import type { Removals } from './removals.ts';
import type { IdPool } from './user-namespace/id-ranges.ts';

/** What cleaning needs. */
export interface CleanDeps {
  readonly store: ContainerStore;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly plans: PlanBuilder;
  readonly network: EngineNetwork;
  readonly networks: Pick<Networks, 'release'>;
  readonly ports: PortPool;
  readonly removals: Pick<Removals, 'tell'>;
  readonly userIds: IdPool;
  readonly clientLogs: Pick<ClientLogs, 'keep'>;
  readonly fault: Fault;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Cleans up after removed containers. */
export interface Cleaner {
  /** Tells of the removal, and cleans up. Resolves after the first attempt; when that fails, further ones follow until one succeeds. */
  clean(leftover: Leftover): Promise<void>;
  /** Takes the kernel's side of a run away: processes, interface, cgroup, published ports, run-time directory. */
  cleanRuntime(containerId: string): Promise<void>;
  /** The same before another run, whose ports the container has already. */
  cleanEarlierRuntime(containerId: string): Promise<void>;
}

const RETRY_MS = { first: 500, last: 60_000 };

/** Leftovers are rows of their own, so that a removal is done for the user at once and still complete after any crash. */
export function createCleaner(deps: CleanDeps): Cleaner {
  const { store, images, volumes, files, runtime, plans, network, networks, ports, fault, log, signal } = deps;

  async function cleanRuntime(containerId: string): Promise<void> {
    const published = ports.retire(containerId);
    if (published !== null) await network.renewedNs();
    await takeAway(containerId, published && plans.publication(published.ports, published, ''));
  }

  async function takeAway(containerId: string, publication: PublicationPlan | null): Promise<void> {
    const { stateDir } = files.paths(containerId);
    const hostInterface = plans.hostInterface(containerId, 'eth0');
    const cgroupDir = plans.standardCgroupDir(containerId);
    await runtime.cleanUp({ stateDir, hostInterface, cgroupDir, publication });
    await files.removeRuntime(containerId);
  }

  async function attempt({ containerId, addresses, firstUserId, volumes: uses }: Leftover): Promise<void> {
    // A power cut must not bring the row back without what it stood for.
    await store.settled();
    if (files.hasRuntime(containerId)) await cleanRuntime(containerId);
    const released =
      uses === 'none' ? null : volumes.release(containerId, { deleteAnonymous: uses === 'delete-anonymous' });
    await Promise.all([images.deleteSnapshot(containerId), released]);
    fault('clean:snapshot');
    await deps.clientLogs.keep(containerId);
    await files.remove(containerId);
    fault('clean:files');
    store.removeLeftover(containerId);
    for (const address of addresses) networks.release(address);
    ports.release(containerId);
    if (firstUserId !== null) deps.userIds.release(firstUserId);
  }

  async function retry(leftover: Leftover): Promise<void> {
    for (let delayMs = RETRY_MS.first; ; delayMs = Math.min(delayMs * 2, RETRY_MS.last)) {
      await sleep(delayMs, undefined, { signal, ref: false });
      try {
        return await attempt(leftover);
      } catch (error) {
        log.debug({ containerId: leftover.containerId, err: error }, 'removed container still not cleaned up');
      }
    }
  }

  async function attemptOrRetry(leftover: Leftover): Promise<void> {
    try {
      await attempt(leftover);
    } catch (error) {
      log.warn({ containerId: leftover.containerId, err: error }, 'removed container not cleaned up, will try again');
      retry(leftover).catch(() => {});
    }
  }

  return {
    cleanRuntime,
    cleanEarlierRuntime: (containerId) => takeAway(containerId, null),
    async clean(leftover) {
      const attempted = attemptOrRetry(leftover);
      // Who waits for the removal may want to remove its volumes next.
      if (leftover.volumes !== 'none') await attempted;
      deps.removals.tell(leftover.containerId);
      await attempted;
    },
  };
}
