import { join, resolve } from 'node:path';

/** Where one engine lives on this host. All paths are absolute. */
export interface EnginePaths {
  /** BERTH_ROOT, or null for the host's own engine. */
  readonly root: string | null;
  /** What survives a reboot: `/var/lib/berth`, or `$BERTH_ROOT/lib`. */
  readonly stateDir: string;
  /** What does not: `/run/berth`, or `$BERTH_ROOT/run`. */
  readonly runDir: string;
  /** The spawner's socket. */
  readonly nativeSocket: string;
  /** How to reach NATS, as a NatsEndpoint in JSON. */
  readonly natsFile: string;
  /** The unix socket of a service's gRPC API. */
  socket(service: ServiceName): string;
  /** A service's own state directory. */
  serviceDir(service: ServiceName): string;
}

/** The services of an engine. */
export type ServiceName = 'image-service' | 'container-service' | 'volume-service' | 'registry-gateway';

/** All services, in the order in which they can be started. */
export const SERVICE_NAMES: readonly ServiceName[] = [
  'registry-gateway',
  'volume-service',
  'image-service',
  'container-service',
];

/** Finds the directories of the engine that the environment names. */
export function resolvePaths(env: NodeJS.ProcessEnv): EnginePaths {
  const root = env.BERTH_ROOT ? resolve(env.BERTH_ROOT) : null;
  const stateDir = root === null ? '/var/lib/berth' : join(root, 'lib');
  const runDir = root === null ? '/run/berth' : join(root, 'run');
  return Object.freeze({
    root,
    stateDir,
    runDir,
    nativeSocket: join(runDir, 'native.sock'),
    natsFile: join(runDir, 'nats.json'),
    socket: (service: ServiceName) => join(runDir, `${service}.sock`),
    serviceDir: (service: ServiceName) => join(stateDir, service),
  });
}
