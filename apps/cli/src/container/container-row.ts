import { ContainerStatus, MountType, type Container } from '@berth/proto/container';
import { formatDuration } from '../format/human-duration.ts';
import { formatSize } from '../format/human-size.ts';
import { formatGoTime, toMs } from '../format/go-time.ts';
import { ellipsis, quote, shortId } from '../format/text.ts';
import { portsText } from './ports-text.ts';
import type { Row, RowFormat } from '../format/rows.ts';

export const CONTAINER_FORMAT: RowFormat = {
  typeName: '*formatter.ContainerContext',
  headers: {
    ID: 'CONTAINER ID',
    Image: 'IMAGE',
    Command: 'COMMAND',
    CreatedAt: 'CREATED AT',
    RunningFor: 'CREATED',
    Ports: 'PORTS',
    State: 'STATE',
    Status: 'STATUS',
    Size: 'SIZE',
    Names: 'NAMES',
    Labels: 'LABELS',
    Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES',
    Networks: 'NETWORKS',
    Platform: 'PLATFORM',
  },
  complaints: ['failed to parse template', 'failed to execute template'],
  columns: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'],
};

const COMMAND_COLUMNS = 20;
const MOUNT_COLUMNS = 15;

/** A container as `ps` shows it. */
export function containerRow(container: Container, { noTrunc, nowMs }: { noTrunc: boolean; nowMs: number }): Row {
  const command = shownCommand(container.arguments);
  const { createTime, writableSizeBytes = 0n, rootSizeBytes = 0n } = container;
  return {
    ID: noTrunc ? container.id : shortId(container.id),
    Image: shownImage(container, noTrunc),
    Command: quote(noTrunc ? command : ellipsis(command, COMMAND_COLUMNS)),
    CreatedAt: createTime ? formatGoTime(createTime) : '',
    RunningFor: `${formatDuration(nowMs - toMs(createTime))} ago`,
    Ports: isRunning(container.status) ? portsText(container.exposedPorts, container.publishedPorts) : '',
    State: stateName(container.status),
    Status: statusText(container, nowMs),
    Size: sizeText(writableSizeBytes, rootSizeBytes),
    Names: container.name,
    Labels: Object.entries(container.labels)
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(','),
    Mounts: shownMounts(container, noTrunc).join(','),
    LocalVolumes: String(container.mounts.filter(({ type }) => type === MountType.VOLUME).length),
    Networks: container.networks.map(({ network }) => network).join(','),
    Platform: null,
    Label: (name) => container.labels[name] ?? '',
  };
}

function shownImage({ config, imageId }: Container, noTrunc: boolean): string {
  const image = config?.image ?? '';
  return image === imageId && !noTrunc ? shortId(image) : image;
}

/** `12B (virtual 7.8MB)`: what the container has written, and all that it sees. */
function sizeText(writable: bigint, root: bigint): string {
  return root > 0n ? `${formatSize(writable)} (virtual ${formatSize(root)})` : formatSize(writable);
}

function isRunning(status: ContainerStatus): boolean {
  return status === ContainerStatus.RUNNING || status === ContainerStatus.PAUSED;
}

/** Docker's name of a status. */
export function stateName(status: ContainerStatus): string {
  switch (status) {
    case ContainerStatus.RUNNING:
      return 'running';
    case ContainerStatus.PAUSED:
      return 'paused';
    case ContainerStatus.RESTARTING:
      return 'restarting';
    case ContainerStatus.EXITED:
      return 'exited';
    case ContainerStatus.REMOVING:
      return 'removing';
    case ContainerStatus.CREATED:
    case ContainerStatus.STARTING:
    case ContainerStatus.UNSPECIFIED:
      return 'created';
  }
}

/** `Up 2 hours`, `Up 5 minutes (Paused)`, `Restarting (1) 5 seconds ago`, `Exited (0) 3 days ago` */
function statusText({ status, startTime, finishTime, exitCode, health }: Container, nowMs: number): string {
  switch (status) {
    case ContainerStatus.RUNNING:
      return `Up ${formatDuration(nowMs - toMs(startTime))}${healthText(health)}`;
    case ContainerStatus.PAUSED:
      return `Up ${formatDuration(nowMs - toMs(startTime))} (Paused)`;
    case ContainerStatus.RESTARTING:
      return `Restarting (${exitCode}) ${formatDuration(nowMs - toMs(finishTime))} ago`;
    case ContainerStatus.EXITED:
      return `Exited (${exitCode}) ${formatDuration(nowMs - toMs(finishTime))} ago`;
    case ContainerStatus.REMOVING:
      return 'Removal In Progress';
    case ContainerStatus.CREATED:
    case ContainerStatus.STARTING:
    case ContainerStatus.UNSPECIFIED:
      return 'Created';
  }
}

/** ` (healthy)`, ` (health: starting)`, or nothing. */
function healthText(health: Container['health']): string {
  if (health === undefined) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

/** The arguments in one line, as Docker's daemon joins them: those with a space in single quotes, but never the program. */
function shownCommand([program = '', ...args]: string[]): string {
  return [program, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

function shownMounts({ mounts }: Container, noTrunc: boolean): string[] {
  const names = mounts.map(({ name, source }) => name || source).filter((name) => name !== '');
  return noTrunc ? names : names.map((name) => ellipsis(name, MOUNT_COLUMNS));
}
