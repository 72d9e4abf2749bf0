import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatBinarySize } from '../format/human-size.ts';
import { renderObject } from '../inspect/run-inspect.ts';
import { containerCounts, infoJson, LOG_DRIVERS, NETWORK_DRIVERS, type ServerInfo } from '../system/info-json.ts';
import { VERSION } from '../version.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: { format: { kind: 'string', short: 'f', help: FORMAT_HELP.object } },
  async run(context, { options: { format } }) {
    const server = await getServerInfo(context).catch((error: unknown) => ({ error }));
    const found = 'error' in server ? null : server;
    context.stdout.write(format ? `${renderObject(format, infoJson(found, new Date()))}\n` : infoText(found));
    if ('error' in server) throw server.error;
    return 0;
  },
});

async function getServerInfo(context: CommandContext): Promise<ServerInfo> {
  using containers = connectContainers(context);
  using client = connectImages(context);
  const [info, { images }] = await Promise.all([
    containers.client.getInfo({}, { signal: context.signal }),
    client.client.listImages({ all: true, omitConfig: true }, { signal: context.signal }),
  ]);
  return { info, images: images.length };
}

function infoText(server: ServerInfo | null): string {
  const client = `Client:\n Version:    ${VERSION}\n\nServer:\n`;
  if (!server) return client;
  const { info, images } = server;
  const { total, running, paused, stopped } = containerCounts(info);
  return `${client} Containers: ${total}
  Running: ${running}
  Paused: ${paused}
  Stopped: ${stopped}
 Images: ${images}
 Server Version: ${info.version}
 Storage Driver: overlayfs
 Logging Driver: cri
 Cgroup Driver: cgroupfs
 Cgroup Version: ${info.cgroupVersion}
 Plugins:
  Volume: local
  Network: ${NETWORK_DRIVERS.join(' ')}
  Log: ${LOG_DRIVERS.join(' ')}
 Default Network: ${info.defaultNetwork}
 Native helper version: ${info.nativeVersion}
 Node version: ${info.runtimeVersion}
 Security Options:
${info.securityOptions.map(securityOptionText).join('')} Kernel Version: ${info.kernel}
 Operating System: ${info.operatingSystem}
 OSType: linux
 Architecture: ${info.architecture}
 CPUs: ${info.cpus}
 Total Memory: ${formatBinarySize(info.memoryBytes)}
 Name: ${info.hostName}
 ID: ${info.engineId}
 Berth Root Dir: ${info.stateDirectory}

`;
}

/** `name=seccomp,profile=builtin` as docker/cli prints it: the name, and below it what is said of it. */
function securityOptionText(option: string): string {
  const [[, name = ''] = [], ...settings] = option.split(',').map((part) => part.split('='));
  const lines = settings.map(
    ([key = '', value = '']) => `   ${key.slice(0, 1).toUpperCase()}${key.slice(1)}: ${value}\n`,
  );
  return [`  ${name}\n`, ...lines].join('');
}
