import { createActiveContainers } from './active-containers.ts';
import { createContainerChanger, type ContainerChanger } from './change-container.ts';
import { createHealthMonitor } from './check-health.ts';
import { createCleaner } from './clean-leftovers.ts';
import { createContainerFileAccess, type ContainerFileAccess } from './container-files.ts';
import { createFileVisits } from './file-visits.ts';
import { createContainerCommitter, type ContainerCommitter } from './commit-container.ts';
import { createContainerControl, type ContainerControl } from './control-containers.ts';
import { createContainerConnector, type ContainerConnector } from './connect-containers.ts';
import { createContainerCreator, type ContainerCreator } from './create-container.ts';
import { createContainerDiffer, type ContainerDiffer } from './diff-container.ts';
import type { Resolver } from './dns/resolver.ts';
import { createContainerExecs, type ContainerExecs } from './exec-container.ts';
import type { Fault } from './fault.ts';
import { createFreezer, type Freezer } from './freeze-containers.ts';
import { createProcessLister, type ProcessLister } from './list-processes.ts';
import { createClientLogs } from './logs/client-logs.ts';
import { createLogReader, type LogReader } from './logs/read-logs.ts';
import { createEngineNetwork, type EngineNetworkDeps } from './network/engine-network.ts';
import { createContainerNames } from './network/container-names.ts';
import { createContainerPlaces } from './network/container-places.ts';
import type { HostNameFiles } from './network/name-files.ts';
import type { Network } from './network/network.ts';
import { createNetworks, type Networks } from './network/networks.ts';
import { createPortPool, type PortRange } from './network/port-pool.ts';
import { createContainerMeter, type ContainerMeter } from './measure-containers.ts';
import type { HostResources } from './plan/cgroup-layout.ts';
import { createPlanBuilder, type PlanSettings } from './plan/build-plan.ts';
import { planPorts } from './plan/ports.ts';
import type { ContainerFiles, FileTool, HostPaths } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { Processes, Runtime, UsageReader } from './ports/runtime.ts';
import type { ContainerStore, ExecStore, NetworkStore, SettingStore } from './ports/stores.ts';
import type { VolumeClient } from './ports/volumes.ts';
import { createPortPublisher } from './publish-ports.ts';
import { createPruneContainers, type PruneContainers } from './prune-containers.ts';
import { createRecovery, type Recovery } from './recover-containers.ts';
import { createRemovals } from './removals.ts';
import { createRestarter, type Restarter } from './restart-containers.ts';
import { createContainerRunner, type ContainerRunner } from './run-container.ts';
import { createContainerViews, type ContainerViews } from './show-containers.ts';
import { generateContainerId } from './spec/container-id.ts';
import { createContainerStarter } from './start-container.ts';
import { createBeginEarly } from './early-start.ts';
import { createPlanStart } from './plan-start.ts';
import { createSweepOrphans, type SweepOrphans } from './sweep-orphans.ts';
import { createSupervisor } from './supervise-container.ts';
import { createVolumeMounts } from './volume-mounts.ts';
import { watchNetwork } from './watch-network.ts';
import { createIdPool, type IdRange } from './user-namespace/id-ranges.ts';

/** All that the use cases get from outside. */
export interface EngineDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly settings: SettingStore;
  readonly networkStore: NetworkStore;
  readonly runtime: Runtime;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly files: ContainerFiles;
  readonly processes: Processes;
  readonly fileTool: FileTool;
  readonly hostPaths: HostPaths;
  readonly planSettings: PlanSettings;
  readonly networkSettings: Omit<EngineNetworkDeps, 'runtime' | 'settings' | 'publishedPorts' | 'nowNs' | 'onMade'>;
  /** The ports that the host gives out by itself. */
  readonly ephemeralPorts: () => PortRange;
  /** Answers the names of user-defined networks. */
  readonly resolver: Resolver;
  readonly hostNameFiles: () => HostNameFiles;
  readonly hostHostname: string;
  readonly hostResources: () => HostResources;
  /** The host's ids for the user namespaces of containers. */
  readonly userIdRange: IdRange;
  readonly hostMemoryBytes: number;
  readonly usage: UsageReader;
  readonly nowNs: () => bigint;
  readonly fault: Fault;
  readonly log: Log;
  /** Aborted when the service stops. Containers go on. */
  readonly signal: AbortSignal;
}

/** The use cases of containers. */
export interface ContainerEngine {
  readonly creator: ContainerCreator;
  readonly control: ContainerControl;
  readonly freezer: Freezer;
  readonly changer: ContainerChanger;
  readonly meter: ContainerMeter;
  readonly prune: PruneContainers;
  readonly runner: ContainerRunner;
  readonly execs: ContainerExecs;
  readonly views: ContainerViews;
  readonly listProcesses: ProcessLister;
  readonly logs: LogReader;
  readonly diff: ContainerDiffer;
  readonly commit: ContainerCommitter;
  readonly fileAccess: ContainerFileAccess;
  readonly recovery: Recovery;
  readonly sweep: SweepOrphans;
  readonly networks: Networks;
  readonly connector: ContainerConnector;
  /** The default network in CIDR notation. */
  readonly defaultNetwork: string;
  /** Makes what every start needs ready, so that the first one does not wait for it. */
  warmUp(): Promise<void>;
  /** Keeps the network as it was made. Rejects when the service stops. */
  watchNetwork(): Promise<never>;
}

/** Puts the use cases together. */
export function createContainerEngine(outside: EngineDeps): ContainerEngine {
  const ports = createPortPool(outside.ephemeralPorts);
  const network = createEngineNetwork({
    ...outside,
    ...outside.networkSettings,
    publishedPorts: () => ports.all().flatMap((published) => planPorts(published.ports, published)),
    onMade: () => {
      networks.renew().catch((error: unknown) => outside.log.warn({ err: error }, 'networks not made anew'));
    },
  });
  const networks = createNetworks({
    ...outside,
    ...outside.networkSettings,
    network,
    containers: () => outside.store.list(),
    onCreated: (created) => names.expectNetwork(created),
    onRemoved: (removed) => names.forgetNetwork(removed),
  });
  const allNetworks = (): Network[] => networks.list([]);
  const networkOf = (id: string): Network | null => allNetworks().find((each) => each.id === id) ?? null;
  const names = createContainerNames({ ...outside, networkOf, networks: allNetworks });
  const plans = createPlanBuilder(outside.planSettings);
  const places = createContainerPlaces({ ...outside, networks, network, names, plans });
  const shared = {
    ...outside,
    removals: createRemovals(),
    visits: createFileVisits(),
    volumeMounts: createVolumeMounts(outside),
    network,
    networks,
    ports,
    publisher: createPortPublisher({ ...outside, network, networks, ports, places, plans }),
    names,
    places,
    plans,
    actives: createActiveContainers(),
    clientLogs: createClientLogs(outside),
    userIds: createIdPool(outside.userIdRange),
    generateId: generateContainerId,
    onRestarting: (id: string): void => restarter.schedule(id),
    onRunning: (id: string): void => health.watch(id),
    freezer: createFreezer({ ...outside, plans }),
  };
  const cleaner = createCleaner(shared);
  const supervisor = createSupervisor({ ...shared, cleaner });
  const planStart = createPlanStart({ ...shared, cleaner });
  const beginEarly = createBeginEarly({ ...shared, cleaner, planStart });
  const starter = createContainerStarter({ ...shared, cleaner, supervisor, planStart });
  const restarter: Restarter = createRestarter({ ...shared, starter });
  const creator = createContainerCreator(shared);
  const control = createContainerControl({ ...shared, cleaner, starter, restarter });
  const runner = createContainerRunner({ ...shared, creator, starter, beginEarly, control });
  const containerExecs = createContainerExecs(shared);
  const health = createHealthMonitor({ ...shared, control, execs: containerExecs });
  const changer = createContainerChanger({ ...shared, creator, restarter });
  const connector = createContainerConnector(shared);
  const recovery = createRecovery({
    ...shared,
    connector,
    changer,
    cleaner,
    supervisor,
    restarter,
    control,
    containerExecs,
  });
  return {
    creator,
    control,
    freezer: shared.freezer,
    meter: createContainerMeter(shared),
    changer,
    prune: createPruneContainers({ ...shared, control }),
    runner,
    execs: containerExecs,
    views: createContainerViews(shared),
    listProcesses: createProcessLister(shared),
    logs: createLogReader(shared),
    diff: createContainerDiffer(shared),
    commit: createContainerCommitter(shared),
    fileAccess: createContainerFileAccess(shared),
    recovery,
    sweep: createSweepOrphans({ ...shared, cleaner, creator }),
    networks,
    connector,
    defaultNetwork: network.cidr,
    warmUp: network.ensure,
    watchNetwork: () => watchNetwork({ ...outside, network, isUsed: () => !shared.actives.isEmpty() }),
  };
}
