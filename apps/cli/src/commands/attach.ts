import { ContainerStatus } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { attachContainer } from '../container/attach-container.ts';
import { getContainer } from '../container/get-container.ts';
import { requireTerminal } from '../container/require-terminal.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  args: { exactly: 1 },
  options: {
    'detach-keys': { kind: 'string', help: 'Override the key sequence for detaching a container' },
    'no-stdin': { kind: 'flag', help: 'Do not attach STDIN' },
    'sig-proxy': { kind: 'flag', help: 'Proxy all received signals to the process', initially: true },
  },
  async run(context, { options, args: [name = ''] }) {
    using containers = connectContainers(context);
    const container = await getContainer(containers, name);
    checkStatus(container.status);
    const stdin = !options['no-stdin'];
    requireTerminal(context, stdin && container.config?.terminal === true && container.config.openStdin);
    const end = await attachContainer(context, containers, container, {
      stdin,
      forwardSignals: options['sig-proxy'],
      detachKeys: options['detach-keys'],
    });
    return end.kind === 'exited' ? end.exitCode : 0;
  },
});

function checkStatus(status: ContainerStatus): void {
  switch (status) {
    case ContainerStatus.RUNNING:
      return;
    case ContainerStatus.PAUSED:
      throw new CliError('You cannot attach to a paused container, unpause it first');
    case ContainerStatus.RESTARTING:
      throw new CliError('You cannot attach to a restarting container, wait until it is running');
    default:
      throw new CliError('You cannot attach to a stopped container, start it first');
  }
}
