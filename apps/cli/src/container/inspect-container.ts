// A container as `docker inspect` shows it. What Berth does not know is left out rather than made up.
import { MountType, type Container, type MountConfig, type MountPoint } from '@berth/proto/container';
import { formatRfc3339Nano } from '../format/go-time.ts';
import { sortKeys, type Json } from '../format/json.ts';
import { stateName } from './container-row.ts';

export function containerJson(container: Container): Record<string, Json> {
  const [path = '', ...args] = container.arguments;
  return {
    Id: container.id,
    Created: formatRfc3339Nano(container.createTime),
    Path: path,
    Args: args,
    State: stateJson(container),
    Image: container.imageId,
    LogPath: container.logPath,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'overlayfs',
    Platform: container.platform,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: hostConfigJson(container),
    GraphDriver: graphDriverJson(container),
    Mounts: container.mounts.map(mountJson),
    Config: configJson(container),
    NetworkSettings: networkSettingsJson(container),
  };
}

function stateJson(container: Container): Json {
  const status = stateName(container.status);
  return {
    Status: status,
    // As in Docker, a container that is frozen or waits for its next start counts as one that runs.
    Running: ['running', 'paused', 'restarting'].includes(status),
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: container.pid,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: formatRfc3339Nano(container.startTime),
    FinishedAt: formatRfc3339Nano(container.finishTime),
  };
}

function hostConfigJson({ config, network }: Container): Json {
  return {
    Binds: config && config.mounts.length > 0 ? config.mounts.map(bindText) : null,
    ContainerIDFile: '',
    LogConfig: { Type: 'cri', Config: {} },
    NetworkMode: config?.networkMode || network?.network || 'bridge',
    PortBindings: {},
    RestartPolicy: {
      Name: config?.restartPolicy?.name || 'no',
      MaximumRetryCount: config?.restartPolicy?.maximumRetryCount ?? 0,
    },
    AutoRemove: config?.autoRemove ?? false,
    Privileged: false,
    ReadonlyRootfs: false,
    SecurityOpt: config?.noNewPrivileges ? ['no-new-privileges'] : null,
  };
}

function bindText({ source, target, readonly }: MountConfig): string {
  return [...(source === '' ? [] : [source]), target, ...(readonly ? ['ro'] : [])].join(':');
}

function graphDriverJson({ rootDirectories }: Container): Json {
  if (!rootDirectories) return { Name: 'overlayfs', Data: null };
  const { lower, upper, work } = rootDirectories;
  return { Name: 'overlayfs', Data: { LowerDir: lower.join(':'), UpperDir: upper, WorkDir: work } };
}

function mountJson({ type, name, source, target, readonly }: MountPoint): Json {
  const isVolume = type === MountType.VOLUME;
  return {
    Type: isVolume ? 'volume' : 'bind',
    ...(isVolume ? { Name: name } : {}),
    Source: source,
    Destination: target,
    ...(isVolume ? { Driver: 'local' } : {}),
    Mode: readonly ? 'ro' : '',
    RW: !readonly,
    Propagation: isVolume ? '' : 'rprivate',
  };
}

function configJson(container: Container): Json {
  const { config } = container;
  const { entrypoint, command } = splitArguments(container);
  const attached = config?.stdinOnce ?? false;
  return {
    Hostname: container.hostname,
    Domainname: '',
    User: container.user,
    AttachStdin: attached,
    AttachStdout: true,
    AttachStderr: true,
    Tty: config?.terminal ?? false,
    OpenStdin: config?.openStdin ?? false,
    StdinOnce: attached,
    Env: container.environment,
    Cmd: command,
    Image: config?.image ?? '',
    Volumes: null,
    WorkingDir: container.workingDirectory,
    Entrypoint: entrypoint,
    OnBuild: null,
    Labels: sortKeys(container.labels),
    StopSignal: container.stopSignal,
    ...(config?.stopTimeoutSeconds === undefined ? {} : { StopTimeout: config.stopTimeoutSeconds }),
  };
}

/** Which of the resolved arguments are the entrypoint: all before the user's command, or what the user gave. */
function splitArguments({ arguments: all, config }: Container): { entrypoint: string[] | null; command: string[] } {
  const given = config?.command.length ?? 0;
  let length = config?.entrypointSet ? config.entrypoint.length : 0;
  if (given > 0) length = Math.max(0, all.length - given);
  return { entrypoint: length > 0 ? all.slice(0, length) : null, command: all.slice(length) };
}

function networkSettingsJson({ network }: Container): Json {
  const endpoint = {
    Gateway: network?.gateway ?? '',
    IPAddress: network?.address ?? '',
    IPPrefixLen: network?.prefixLength ?? 0,
    MacAddress: network?.hardwareAddress ?? '',
  };
  return {
    Ports: {},
    ...endpoint,
    Networks: network?.network ? { [network.network]: { Aliases: null, ...endpoint } } : {},
  };
}
