import { hostname, release, totalmem, cpus, machine } from 'node:os';
import { connectService, engineNames } from '@berth/client';
import { startContainerFileTool } from '@berth/layers';
import { ContainerServiceDefinition } from '@berth/proto/container';
import { ImageServiceDefinition } from '@berth/proto/image';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { bindService, createFault, openCommitFlush, runService } from '@berth/service-kit';
import { setFlagsFromString } from 'node:v8';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { createChange } from './adapters/durability.ts';
import { openContainerFiles } from './adapters/file-container-files.ts';
import { hostPaths } from './adapters/host-paths.ts';
import { createCgroupLayoutReader, readHostResources } from './adapters/host-cgroups.ts';
import { createUsageReader } from './adapters/host-usage.ts';
import { openAppArmor } from './adapters/host-apparmor.ts';
import { hostDevices } from './adapters/host-devices.ts';
import { createGrpcImageClient } from './adapters/grpc-image-client.ts';
import { createGrpcVolumeClient } from './adapters/grpc-volume-client.ts';
import {
  listThermalCpus,
  readCgroupVersion,
  readEphemeralPorts,
  readHostNameFiles,
  readHostSubnets,
  readOperatingSystem,
  readUserIdRange,
} from './adapters/host.ts';
import { connectNamespaceRuntime } from './adapters/namespace-runtime.ts';
import { openProcProcesses } from './adapters/proc-processes.ts';
import { createResolverConnector } from './adapters/resolver-connector.ts';
import { createSqliteContainerStore } from './adapters/sqlite-container-store.ts';
import { createSqliteExecStore } from './adapters/sqlite-exec-store.ts';
import { CONTAINER_MIGRATIONS } from './adapters/sqlite-schema.ts';
import { createSqliteNetworkStore } from './adapters/sqlite-network-store.ts';
import { createSqliteSettingStore } from './adapters/sqlite-setting-store.ts';
import { readConfig } from './config.ts';
import { createContainerEngine } from './container-engine.ts';
import { createResolver } from './dns/resolver.ts';
import { FAULT_POINTS } from './fault.ts';
import { createContainerHandlers } from './grpc/container-handlers.ts';
import { createSeccompFilters } from './seccomp/filters.ts';
import { readFilterHost, readSyscallTables } from './seccomp/read-host.ts';
import { hasDefaultProfile } from './plan/apparmor.ts';
import { subnetStartIndex } from './network/address-pool.ts';

// A name that a user filters by is a regular expression: one that would take ages is left to an engine that takes linear time.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

await runService({
  name: 'container-service',
  migrations: CONTAINER_MIGRATIONS,
  synchronous: 'NORMAL',
  start({ env, paths, stateDir, log, signal, database, events }) {
    const config = readConfig(env);
    const names = engineNames(paths.root);
    const cgroupLayout = createCgroupLayoutReader(names.cgroupDir);
    const flush = openCommitFlush(join(stateDir, 'state.db'));
    const change = createChange(database, events, flush);
    const store = createSqliteContainerStore(database, change, flush);
    const settings = createSqliteSettingStore(database, change);
    const runtime = connectNamespaceRuntime(paths.nativeSocket);
    const files = openContainerFiles(stateDir, paths.runDir);
    const images = connectService(ImageServiceDefinition, paths.socket('image-service'));
    const volumes = connectService(VolumeServiceDefinition, paths.socket('volume-service'));
    const fileTool = startContainerFileTool({
      program: config.layerProgram,
      streamDir: join(paths.runDir, 'container-service.streams'),
      env: paths.root === null ? {} : { BERTH_ROOT: paths.root },
    });
    const apparmor = openAppArmor({ log });
    apparmor.load();
    const resolver = createResolver({
      ...createResolverConnector({ socketPath: join(paths.runDir, 'resolver.sock') }),
      log,
    });
    const engine = createContainerEngine({
      store,
      execs: createSqliteExecStore(database, change),
      settings,
      networkStore: createSqliteNetworkStore(database, change),
      runtime,
      images: createGrpcImageClient(images.client, signal),
      volumes: createGrpcVolumeClient(volumes.client),
      files,
      processes: openProcProcesses(),
      fileTool,
      hostPaths,
      planSettings: {
        seccomp: createSeccompFilters({
          defaultProgram: config.seccompFilter,
          syscallTables: () => readSyscallTables(config.syscallTablesFile),
          host: readFilterHost(),
        }),
        apparmor,
        initProgram: config.initProgram,
        table: names.table,
        cgroups: { layout: cgroupLayout, engineDir: names.cgroupDir },
        hostDevices,
        thermalCpus: listThermalCpus(),
      },
      networkSettings: {
        bridge: names.bridge,
        table: names.table,
        hostSubnets: readHostSubnets,
        startIndex: subnetStartIndex(paths.root),
      },
      ephemeralPorts: readEphemeralPorts,
      resolver,
      hostNameFiles: readHostNameFiles,
      hostHostname: hostname(),
      hostMemoryBytes: totalmem(),
      usage: createUsageReader(),
      hostResources: () => readHostResources(cgroupLayout(), names.cgroupDir),
      userIdRange: readUserIdRange(),
      nowNs: () => BigInt(Date.now()) * 1_000_000n,
      fault: createFault(FAULT_POINTS, config.fault, () => process.kill(process.pid, 'SIGKILL')),
      log,
      signal,
    });
    const host = {
      version: manifest.version,
      kernel: release(),
      operatingSystem: readOperatingSystem(),
      architecture: machine(),
      cpus: cpus().length,
      memoryBytes: totalmem(),
      hostName: hostname(),
      stateDirectory: paths.stateDir,
      cgroupVersion: readCgroupVersion(),
      engineId: settings.getOrSet('engine.id', randomUUID),
      defaultNetwork: engine.defaultNetwork,
      runtimeVersion: process.versions.node,
      securityOptions: [
        ...(hasDefaultProfile(apparmor) ? ['name=apparmor'] : []),
        'name=seccomp,profile=builtin',
        'name=cgroupns',
      ],
    };
    engine.recovery.resume();
    engine.sweep().catch((error: unknown) => log.debug({ err: error }, 'sweep ended'));
    engine.watchNetwork().catch((error: unknown) => log.debug({ err: error }, 'network no longer watched'));
    engine
      .warmUp()
      .catch((error: unknown) => log.warn({ err: error }, 'network not ready, the next start tries again'));
    return Promise.resolve({
      bindings: [bindService(ContainerServiceDefinition, createContainerHandlers({ engine, store, runtime, host }))],
      settled: flush.settled,
      async close() {
        await resolver.close();
        await fileTool[Symbol.asyncDispose]();
        images.close();
        volumes.close();
      },
    });
  },
});
