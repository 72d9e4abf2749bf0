import { arch, platform } from 'node:os';
import type { GetInfoResponse } from '@berth/proto/container';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import type { Json } from '../format/json.ts';
import { goArchitecture } from '../format/architecture.ts';
import { renderObject } from '../inspect/run-inspect.ts';
import { VERSION } from '../version.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: { format: { kind: 'string', short: 'f', help: FORMAT_HELP.object } },
  async run(context, { options: { format } }) {
    // The client's half is shown also when there is no engine.
    const server = await getInfo(context).catch((error: unknown) => ({ error }));
    const info = 'error' in server ? null : server;
    const text = format ? `${renderObject(format, versionJson(info))}\n` : versionText(info);
    context.stdout.write(text);
    if ('error' in server) throw server.error;
    return 0;
  },
});

async function getInfo(context: CommandContext): Promise<GetInfoResponse> {
  using containers = connectContainers(context);
  return await containers.client.getInfo({}, { signal: context.signal });
}

function versionJson(info: GetInfoResponse | null): Record<string, Json> {
  return {
    Client: { Version: VERSION, Os: platform(), Arch: goArchitecture(arch()) },
    Server: info && {
      Platform: { Name: 'Berth Engine' },
      Components: [
        { Name: 'Engine', Version: info.version, Details: { NodeVersion: info.runtimeVersion } },
        { Name: 'berth-ns', Version: info.nativeVersion, Details: {} },
      ],
      Version: info.version,
      NativeVersion: info.nativeVersion,
      NodeVersion: info.runtimeVersion,
      Os: 'linux',
      Arch: goArchitecture(info.architecture),
      KernelVersion: info.kernel,
    },
  };
}

function versionText(info: GetInfoResponse | null): string {
  const client = `Client:\n Version:           ${VERSION}\n OS/Arch:           ${platform()}/${goArchitecture(arch())}\n`;
  if (!info) return client;
  return `${client}
Server: Berth Engine
 Engine:
  Version:          ${info.version}
  Node version:     ${info.runtimeVersion}
  OS/Arch:          linux/${goArchitecture(info.architecture)}
  Kernel version:   ${info.kernel}
 Native helper:
  Version:          ${info.nativeVersion}
`;
}
