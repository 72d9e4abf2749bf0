import { arch, platform } from 'node:os';
import type { GetInfoResponse } from '@berth/proto/container';
import { goArchitecture } from '../format/architecture.ts';
import type { Json } from '../format/json.ts';
import { VERSION } from '../version.ts';

/** What the services of an engine tell. */
export interface ServerInfo {
  readonly info: GetInfoResponse;
  /** How many there are. */
  readonly images: number;
}

export const NETWORK_DRIVERS = ['bridge', 'host', 'ipvlan', 'macvlan', 'none'];
/** Names that are taken; all but none are the engine's own log. */
export const LOG_DRIVERS = ['journald', 'json-file', 'local', 'none'];

/** Containers as Docker counts them: one that is paused does not run. */
export function containerCounts({ counts }: GetInfoResponse) {
  const { total, running, paused, stopped } = counts ?? { total: 0, running: 0, paused: 0, stopped: 0 };
  return { total, running: running - paused, paused, stopped };
}

/** Docker's `info` as JSON (https://docs.docker.com/reference/api/engine/, SystemInfo), as far as it is true of Berth; without an engine, of the client. */
export function infoJson(server: ServerInfo | null, now: Date): Record<string, Json> {
  const client = { ClientInfo: { Version: VERSION, Os: platform(), Arch: goArchitecture(arch()) } };
  if (!server) return client;
  const { info, images } = server;
  const { total, running, paused, stopped } = containerCounts(info);
  return {
    ID: info.engineId,
    Containers: total,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: images,
    Driver: 'overlayfs',
    DriverStatus: [],
    Plugins: { Volume: ['local'], Network: NETWORK_DRIVERS, Authorization: null, Log: LOG_DRIVERS },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    Debug: false,
    SystemTime: now.toISOString(),
    LoggingDriver: 'cri',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: info.cgroupVersion,
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSType: 'linux',
    Architecture: info.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: info.cpus,
    MemTotal: Number(info.memoryBytes),
    DockerRootDir: info.stateDirectory,
    Name: info.hostName,
    Labels: [],
    ServerVersion: info.version,
    Runtimes: { berth: {} },
    DefaultRuntime: 'berth',
    Swarm: { LocalNodeState: 'inactive' },
    LiveRestoreEnabled: true,
    InitBinary: 'berth-init',
    SecurityOptions: info.securityOptions,
    Warnings: null,
    DefaultNetwork: info.defaultNetwork,
    ...client,
  };
}
