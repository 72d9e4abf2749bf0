// A container as `docker inspect` shows it: all of Docker 28's keys, in its order. A section is a file.
import type { Container } from '@berth/proto/container';
import { formatRfc3339Nano } from '../../format/go-time.ts';
import type { Json } from '../../format/json.ts';
import { configJson } from './config-json.ts';
import { graphDriverJson, STORAGE_DRIVER } from './graph-driver-json.ts';
import { hostConfigJson } from './host-config-json.ts';
import { mountsJson } from './mounts-json.ts';
import { networkSettingsJson } from './network-settings-json.ts';
import { stateJson } from './state-json.ts';

export function containerJson(container: Container): Record<string, Json> {
  const [path = '', ...args] = container.arguments;
  const { nameFiles, execIds, writableSizeBytes, rootSizeBytes } = container;
  return {
    Id: container.id,
    Created: formatRfc3339Nano(container.createTime),
    Path: path,
    Args: args,
    State: stateJson(container),
    Image: container.imageId,
    ResolvConfPath: nameFiles?.resolvConf ?? '',
    HostnamePath: nameFiles?.hostname ?? '',
    HostsPath: nameFiles?.hosts ?? '',
    LogPath: container.logPath,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: STORAGE_DRIVER,
    Platform: container.platform,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: container.apparmorProfile,
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: hostConfigJson(container),
    GraphDriver: graphDriverJson(container),
    ...(writableSizeBytes === undefined ? {} : { SizeRw: Number(writableSizeBytes) }),
    ...(rootSizeBytes === undefined ? {} : { SizeRootFs: Number(rootSizeBytes) }),
    Mounts: mountsJson(container),
    Config: configJson(container),
    NetworkSettings: networkSettingsJson(container),
  };
}
