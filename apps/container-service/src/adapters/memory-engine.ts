import type { ContainerConfig } from '../container-config.ts';
import type { ContainerSpec } from '../container.ts';
import type { Resolver } from '../dns/resolver.ts';
import { createContainerEngine, type ContainerEngine } from '../container-engine.ts';
import { NO_LIMITS } from '../resources.ts';
import {
  createMemoryHostDevices,
  createMemoryHostPaths,
  createMemorySeccompFilters,
  HOST_RESOURCES,
  UNIFIED_LAYOUT,
} from './memory-host.ts';
import { DEFAULT_ISOLATION, DEFAULT_NAMES } from '../isolation.ts';
import type { Log } from '../ports/log.ts';
import { createMemoryContainerFiles, createMemoryImageClient, createMemoryVolumeClient } from './memory-clients.ts';
import { createMemoryProcesses } from './memory-processes.ts';
import { createMemoryFileTool } from './memory-file-tool.ts';
import { createMemoryRuntime } from './memory-runtime.ts';
import { createMemoryStores } from './memory-stores.ts';

/** An engine without a host, for tests, with all that it stands on. */
export interface MemoryEngine extends ContainerEngine {
  readonly stores: ReturnType<typeof createMemoryStores>;
  readonly runtime: ReturnType<typeof createMemoryRuntime>;
  readonly images: ReturnType<typeof createMemoryImageClient>;
  readonly volumes: ReturnType<typeof createMemoryVolumeClient>;
  readonly files: ReturnType<typeof createMemoryContainerFiles>;
  readonly fileTool: ReturnType<typeof createMemoryFileTool>;
  readonly hostPaths: ReturnType<typeof createMemoryHostPaths>;
  readonly resolver: Resolver & { readonly calls: string[] };
  /** Warnings and errors that were logged. */
  readonly troubles: string[];
  /** The clock; a test moves it. */
  readonly clock: { nowNs: bigint };
  /** The verbs of all events, oldest first. */
  verbs(): string[];
  /** Ends this engine as a stop of the service does, and starts another on what it leaves. */
  restart(): MemoryEngine;
}

/** A config that asks for nothing but `busybox`. */
export function aConfig(fields: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    image: 'busybox',
    command: [],
    entrypoint: null,
    environment: [],
    workingDirectory: '',
    user: '',
    hostname: '',
    terminal: false,
    openStdin: false,
    stdinOnce: false,
    autoRemove: false,
    labels: {},
    networkMode: 'bridge',
    networks: [],
    mounts: [],
    volumesFrom: [],
    volumeDriver: '',
    noNewPrivileges: false,
    stopSignal: '',
    stopTimeoutSeconds: null,
    restartPolicy: { name: 'no', maximumRetryCount: 0 },
    logConfig: { driver: 'json-file', options: {} },
    healthCheck: null,
    exposedPorts: [],
    portBindings: [],
    publishAllPorts: false,
    attachedStreams: [],
    containerIdFile: '',
    resources: NO_LIMITS,
    sysctls: {},
    oomScoreAdj: 0,
    devices: [],
    deviceCgroupRules: [],
    deviceRequests: [],
    userNamespaceMode: 'host',
    isolation: DEFAULT_ISOLATION,
    names: DEFAULT_NAMES,
    annotations: {},
    ...fields,
  };
}

/** What a container is that was made of `aConfig`. */
export function aSpec(fields: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    id: 'c'.repeat(64),
    name: 'c',
    config: aConfig(),
    imageId: 'sha256:1',
    arguments: ['sh'],
    environment: [],
    workingDirectory: '/',
    user: '',
    hostname: 'c',
    labels: {},
    stopSignal: 15,
    stopTimeoutSeconds: 10,
    shell: [],
    healthCheck: null,
    entrypointCount: 0,
    exposedPorts: [],
    mounts: [],
    rootfs: { layersDir: '/l', lowerDirs: ['b', 'a'], upperDir: '/u', workDir: '/w' },
    firstUserId: null,
    pendingLimits: null,
    createTimeNs: 1n,
    ...fields,
  };
}

type Outside = Pick<
  MemoryEngine,
  'stores' | 'runtime' | 'images' | 'volumes' | 'files' | 'fileTool' | 'hostPaths' | 'resolver' | 'troubles' | 'clock'
>;

/** Makes an engine. */
export function createMemoryEngine(outside: Outside = createOutside()): MemoryEngine {
  const stopping = new AbortController();
  const { stores, runtime, images, volumes, files, clock } = outside;
  const engine = createContainerEngine({
    store: stores.containers,
    execs: stores.execs,
    settings: stores.settings,
    networkStore: stores.networks,
    runtime,
    images,
    volumes,
    files,
    processes: createMemoryProcesses(),
    fileTool: outside.fileTool,
    hostPaths: outside.hostPaths,
    planSettings: {
      seccomp: createMemorySeccompFilters(),
      apparmor: { enabled: true, isLoaded: () => true, load: () => true },
      initProgram: '/berth-init',
      table: 'berth',
      cgroups: { layout: () => UNIFIED_LAYOUT, engineDir: '/cgroup' },
      hostDevices: createMemoryHostDevices(),
      thermalCpus: [],
    },
    networkSettings: { bridge: 'berth0', table: 'berth', hostSubnets: () => [], startIndex: 0 },
    ephemeralPorts: () => ({ first: 32_768, last: 32_770 }),
    resolver: outside.resolver,
    hostNameFiles: () => ({ resolvConf: 'nameserver 192.0.2.1\n', hosts: '127.0.0.1 host\n' }),
    hostHostname: 'host',
    hostMemoryBytes: 2 ** 30,
    usage: { read: () => null },
    hostResources: () => HOST_RESOURCES,
    userIdRange: { first: 100_000, count: 131_072 },
    nowNs: () => clock.nowNs,
    fault: () => {},
    log: createTroubleLog(outside.troubles),
    signal: stopping.signal,
  });
  return {
    ...outside,
    ...engine,
    verbs: () => stores.events.map(({ noun, verb }) => (noun === 'container' ? verb : `${noun} ${verb}`)),
    restart() {
      stopping.abort();
      return createMemoryEngine(outside);
    },
  };
}

function createOutside(): Outside {
  const clock = { nowNs: 1_700_000_000_000_000_000n };
  return {
    stores: createMemoryStores(),
    runtime: createMemoryRuntime(() => clock.nowNs),
    images: createMemoryImageClient(),
    volumes: createMemoryVolumeClient(),
    files: createMemoryContainerFiles(),
    fileTool: createMemoryFileTool(),
    hostPaths: createMemoryHostPaths(),
    resolver: createMemoryResolver(),
    troubles: [],
    clock,
  };
}

/** A resolver that answers nobody. */
function createMemoryResolver(): MemoryEngine['resolver'] {
  const calls: string[] = [];
  const note = (call: string): Promise<void> => {
    calls.push(call);
    return Promise.resolve();
  };
  return {
    calls,
    adopt: ({ containerIds }) => void note(`adopt ${containerIds.join()}`),
    prepare: () => void note('prepare'),
    listen: (address) => note(`listen ${address}`),
    ignore: (address) => void note(`ignore ${address}`),
    set: ({ id, places }) => note(`set ${id} ${places.map(({ names }) => names.join()).join(' ')}`),
    remove: (id) => void note(`remove ${id}`),
    close: () => note('close'),
  };
}

function createTroubleLog(troubles: string[]): Log {
  const note = (_fields: object, message: string): void => void troubles.push(message);
  return { debug: () => {}, info: () => {}, warn: note, error: note };
}

/** How a test starts a container that nobody is attached to. */
export const DETACHED = { terminalSize: null, attach: false, byPolicy: false };

/** Lets everything that is ready to happen happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Creates and starts a container, for a test that then decides what its process does. */
export async function createdAndStarted(engine: MemoryEngine, config: Partial<ContainerConfig> = {}, name = 'web') {
  const { container } = await engine.creator.create({ name, config: aConfig(config) });
  await engine.control.start(container.id, DETACHED);
  const process = () => engine.runtime.process(`/run/${container.id}`);
  const state = () => engine.stores.containers.get(container.id)?.state;
  return { id: container.id, process, state };
}
