import type { NameFiles } from '../network/name-files.ts';
import type { NameFilePaths } from '../plan/mounts.ts';
import type { ContainerProcess } from './process.ts';

/** The files that a container has on the host, those that stay and those of one run. */
export interface ContainerFiles {
  /** Where they are. */
  paths(containerId: string): ContainerPaths;
  /** Writes the name files and makes an empty run-time directory. */
  prepare(containerId: string, files: NameFiles): void;
  /** Empty where there is none. */
  readNames(containerId: string): Pick<NameFiles, 'hosts'>;
  /** Writes name files anew, in their places, so that a container that runs sees it. */
  rewriteNames(containerId: string, files: Pick<NameFiles, 'hosts' | 'resolvConf'>): void;
  /** Makes an empty run-time directory for an exec and returns its path. */
  prepareExec(containerId: string, execId: string): string;
  execDir(containerId: string, execId: string): string;
  /** Removes an exec's run-time directory. Idempotent. */
  removeExec(containerId: string, execId: string): Promise<void>;
  /** Tells whether there is a run-time directory: then the run is not cleaned up yet. */
  hasRuntime(containerId: string): boolean;
  /** Removes the run-time directory. Idempotent. */
  removeRuntime(containerId: string): Promise<void>;
  /** Removes all files, the log too. Idempotent. */
  remove(containerId: string): Promise<void>;
  /** The ids of all containers with a file or a run-time directory. */
  list(): string[];
}

/** Paths of the host that containers are to see. */
export interface HostPaths {
  exists(path: string): boolean;
  /** Makes a directory with its parents when nothing is there. Throws INVALID_ARGUMENT. */
  ensureDirectory(path: string): void;
  /** What the mount says that a path lies on. */
  sharing(path: string): MountSharing;
  /** The address of a host. Throws INVALID_ARGUMENT when it has none. */
  addressOf(hostName: string): Promise<string>;
}

/** How a mount of the host exchanges mounts with others. */
export interface MountSharing {
  readonly mountPoint: string;
  readonly shared: boolean;
  readonly slave: boolean;
}

/** Absolute paths of a container's files. */
export interface ContainerPaths extends NameFilePaths {
  readonly log: string;
  /** The run-time directory. */
  readonly stateDir: string;
}

/** What lies at a path of a container. */
export interface PathStat {
  /** As the path that was asked for ends; `.` for the root, and for a path that ends so. */
  readonly name: string;
  readonly sizeBytes: number;
  /** st_mode. */
  readonly mode: number;
  /** Unix time in nanoseconds. */
  readonly modifyTimeNs: bigint;
  /** What a symbolic link points to; empty for others. */
  readonly linkTarget: string;
}

/** Reads and writes files in confined processes. Each throws PATH_NOT_FOUND, CANCELLED. */
export interface FileTool {
  stat(process: ContainerProcess, path: string, options: { follow: boolean; signal: AbortSignal }): Promise<PathStat>;
  /** What lies there, then its tar; `whole`: without what is mounted on the root. Returning early ends the work. */
  archive(
    process: ContainerProcess,
    path: string,
    options: { follow: boolean; whole: boolean; signal: AbortSignal },
  ): AsyncGenerator<PathStat | Uint8Array>;
  /** Unpacks a tar into a directory. Throws PATH_CONFLICT, PATH_READ_ONLY, LAYER_INVALID, LAYER_LIMIT, DISK_FULL too. */
  extract(
    process: ContainerProcess,
    path: string,
    options: {
      keepPlace: boolean;
      owner: { uid: number; gid: number } | null;
      data: AsyncIterable<Uint8Array>;
      signal: AbortSignal;
    },
  ): Promise<void>;
}
