import type { PublishedPort } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { hostAddressText } from '../container/host-address-text.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  args: { between: [1, 2] },
  options: {},
  async run(context, { args: [name = '', port] }) {
    using containers = connectContainers(context);
    const { container } = await containers.client.getContainer({ container: name }, { signal: context.signal });
    const published = container?.publishedPorts ?? [];
    const lines =
      port === undefined
        ? published.map((each) => `${each.containerPort} -> ${hostText(each)}`)
        : hostPortsOf(published, port, name).map(hostText);
    context.stdout.write(
      lines
        .sort(compareNaturally)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  },
});

function hostPortsOf(published: PublishedPort[], port: string, container: string): PublishedPort[] {
  const [number = '', protocol] = port.split('/', 2);
  if (!/^\d+$/.test(number) || Number(number) > 65_535) throw new CliError(`invalid port (${number})`);
  const found = published.filter(({ containerPort }) => containerPort === `${number}/${protocol || 'tcp'}`);
  if (found.length > 0) return found;
  throw new CliError(`no public port '${port}' published for ${container}`);
}

function hostText({ hostAddress, hostPort }: PublishedPort): string {
  return `${hostAddressText(hostAddress)}:${hostPort}`;
}

/** Numbers in texts by their size, and what else there is by its bytes: `0.0.0.0` before `[::]`. */
function compareNaturally(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => text.replace(/\d+/g, (number) => number.padStart(5, '0')));
  return one === other ? 0 : Number((one ?? '') > (other ?? '')) * 2 - 1;
}
