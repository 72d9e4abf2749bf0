import { MountType, type Container } from '@berth/proto/container';
import { healthcheckJson } from './health-json.ts';
import { sortKeys, type Json } from '../../format/json.ts';

/** `Config`. */
export function configJson(container: Container): Json {
  const { config, arguments: all, entrypointCount } = container;
  const attached = config?.attachedStreams ?? [];
  const stopSignal = container.stopSignal === 'SIGTERM' ? (config?.stopSignal ?? '') : container.stopSignal;
  return {
    Hostname: container.hostname,
    Domainname: config?.domainName ?? '',
    User: container.user,
    AttachStdin: attached.includes('stdin'),
    AttachStdout: attached.includes('stdout'),
    AttachStderr: attached.includes('stderr'),
    ...(container.exposedPorts.length > 0 ? { ExposedPorts: emptyObjects(container.exposedPorts) } : {}),
    Tty: config?.terminal ?? false,
    OpenStdin: config?.openStdin ?? false,
    StdinOnce: config?.stdinOnce ?? false,
    Env: container.environment,
    Cmd: orNull(all.slice(entrypointCount)),
    ...healthcheckJson(container.healthCheck),
    Image: config?.image ?? '',
    Volumes: volumesJson(container),
    WorkingDir: container.workingDirectory,
    Entrypoint: orNull(all.slice(0, entrypointCount)),
    OnBuild: null,
    Labels: sortKeys(container.labels),
    ...(stopSignal === '' ? {} : { StopSignal: stopSignal }),
    ...(config?.stopTimeoutSeconds === undefined ? {} : { StopTimeout: config.stopTimeoutSeconds }),
  };
}

/** The anonymous volumes: those of a `-v` without a name, and those of the image. */
function volumesJson({ config, mounts }: Container): Json {
  const others = config?.mounts.filter(({ source, mode }) => source !== '' || mode === undefined) ?? [];
  const asked = new Set(others.map(({ target }) => target));
  const anonymous = mounts.filter(({ type, target }) => type === MountType.VOLUME && !asked.has(target));
  return anonymous.length > 0 ? emptyObjects(anonymous.map(({ target }) => target)) : null;
}

function emptyObjects(keys: readonly string[]): Record<string, Json> {
  return sortKeys(Object.fromEntries(keys.map((key) => [key, {}])));
}

function orNull(list: string[]): string[] | null {
  return list.length > 0 ? list : null;
}
