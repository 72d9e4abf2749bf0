import type { PublishedPort } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  args: { atLeast: 1, atMost: 2 },
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
  return `${hostAddress}:${hostPort}`;
}

/** Numbers in texts by their size. */
function compareNaturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
