import { isUp } from './container.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';

/** What does not change while the service runs. */
export interface HostInfo {
  readonly version: string;
  readonly kernel: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hostName: string;
  readonly stateDirectory: string;
  /** `1`, `2` or `hybrid`. */
  readonly cgroupVersion: string;
  readonly engineId: string;
  /** In CIDR notation. */
  readonly defaultNetwork: string;
  readonly runtimeVersion: string;
  /** `name=seccomp,profile=builtin` */
  readonly securityOptions: readonly string[];
}

/** What the engine tells about itself. */
export interface EngineInfo extends HostInfo {
  /** Empty when the helper does not answer. */
  readonly nativeVersion: string;
  readonly counts: {
    readonly total: number;
    readonly running: number;
    readonly paused: number;
    readonly stopped: number;
  };
}

/** Tells about the engine, also when the helper is down. */
export async function getEngineInfo(store: ContainerStore, runtime: Runtime, host: HostInfo): Promise<EngineInfo> {
  const nativeVersion = await runtime.version().catch(() => '');
  const containers = store.list();
  const running = containers.filter(isUp).length;
  const paused = containers.filter(({ state }) => state.status === 'paused').length;
  const counts = { total: containers.length, running, paused, stopped: containers.length - running };
  return { ...host, nativeVersion, counts };
}
