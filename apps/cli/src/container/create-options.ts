// The options that `run` and `create` share, and what they make of a container.
import type { ContainerConfig } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';
import type { Options, OptionValues } from '../options/option.ts';
import { checkEnvironment, checkLabel, collectEnvironment, collectLabels } from './environment.ts';
import { parseMount } from './mount-option.ts';
import { parseTmpfs, parseVolume } from './mounts.ts';
import { checkOf, valueOf } from './resource-values.ts';
import { ISOLATION_OPTIONS, isolationConfig } from './options/isolation.ts';
import { NAMES_OPTIONS, namesConfig } from './options/names.ts';
import { NETWORK_OPTIONS, networkConfig } from './options/network.ts';
import { RESOURCE_OPTIONS, resourceFields } from './resource-options.ts';
import { HEALTH_OPTIONS, healthCheck } from './options/health.ts';
import { LOG_OPTIONS, logConfig } from './options/log.ts';
import { PORT_OPTIONS, portsConfig } from './options/ports.ts';
import { RESTART_OPTIONS, restartPolicy } from './options/restart.ts';

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

export const CREATE_OPTIONS = {
  ...RESOURCE_OPTIONS,
  attach: {
    kind: 'list',
    short: 'a',
    help: 'Attach to STDIN, STDOUT or STDERR',
    check: (value) =>
      STREAMS.some((stream) => stream === value.toLowerCase())
        ? undefined
        : 'valid streams are STDIN, STDOUT and STDERR',
  },
  cidfile: { kind: 'string', help: 'Write the container ID to the file' },
  entrypoint: { kind: 'string', help: 'Overwrite the default ENTRYPOINT of the image' },
  env: { kind: 'list', short: 'e', help: 'Set environment variables', check: checkEnvironment },
  'env-file': { kind: 'list', help: 'Read in a file of environment variables' },
  ...HEALTH_OPTIONS,
  help: { kind: 'flag', help: 'Print usage' },
  interactive: { kind: 'flag', short: 'i', help: 'Keep STDIN open even if not attached' },
  label: { kind: 'list', short: 'l', help: 'Set meta data on a container', check: checkLabel },
  'label-file': { kind: 'list', help: 'Read in a line delimited file of labels' },
  ...LOG_OPTIONS,
  mount: {
    kind: 'list',
    valueName: 'mount',
    help: 'Attach a filesystem mount to the container',
    check: checkOf((text) => parseMount(text, '/')),
  },
  name: { kind: 'string', help: 'Assign a name to the container' },
  ...NETWORK_OPTIONS,
  platform: { kind: 'string', help: 'Set platform if server is multi-platform capable' },
  pull: {
    kind: 'string',
    help: 'Pull image before running ("always", "missing", "never")',
    defaultText: '"missing"',
  },
  quiet: { kind: 'flag', short: 'q', help: 'Suppress the pull output' },
  ...ISOLATION_OPTIONS,
  ...NAMES_OPTIONS,
  ...PORT_OPTIONS,
  ...RESTART_OPTIONS,
  rm: {
    kind: 'flag',
    help: 'Automatically remove the container and its associated anonymous volumes when it exits',
  },
  'stop-signal': { kind: 'string', help: 'Signal to stop the container' },
  'stop-timeout': { kind: 'int', help: 'Timeout (in seconds) to stop a container' },
  tty: { kind: 'flag', short: 't', help: 'Allocate a pseudo-TTY' },
  user: { kind: 'string', short: 'u', help: 'Username or UID (format: <name|uid>[:<group|gid>])' },
  userns: { kind: 'string', help: 'User namespace to use' },
  volume: { kind: 'list', short: 'v', help: 'Bind mount a volume' },
  'volume-driver': { kind: 'string', help: 'Optional volume driver for the container' },
  'volumes-from': { kind: 'list', help: 'Mount volumes from the specified container(s)' },
  workdir: { kind: 'string', short: 'w', help: 'Working directory inside the container' },
} as const satisfies Options;

export type CreateOptions = OptionValues<typeof CREATE_OPTIONS>;

/** Which streams of the container are ours. */
export interface AttachedStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** What `-a` and `-i` say, or what goes without saying. */
export function attachedStreams(options: CreateOptions): AttachedStreams {
  const asked = options.attach.map((stream) => stream.toLowerCase());
  if (asked.length === 0) return { stdin: options.interactive, stdout: true, stderr: true };
  return { stdin: asked.includes('stdin'), stdout: asked.includes('stdout'), stderr: asked.includes('stderr') };
}

/** Makes a container's config of an IMAGE [COMMAND] [ARG...] and its options. */
export function containerConfig(
  context: CommandContext,
  options: CreateOptions,
  ...[args, attached]: [readonly string[], AttachedStreams]
): ContainerConfig {
  const [image = '', ...command] = args;
  const openStdin = options.interactive || attached.stdin;
  return {
    image,
    command,
    entrypoint: options.entrypoint ? [options.entrypoint] : [],
    entrypointSet: options.entrypoint !== undefined,
    environment: collectEnvironment(context, options['env-file'], options.env),
    workingDirectory: options.workdir ?? '',
    user: options.user ?? '',
    terminal: options.tty,
    openStdin,
    stdinOnce: openStdin && attached.stdin,
    autoRemove: options.rm,
    labels: collectLabels(context, options['label-file'], options.label),
    ...networkConfig(options),
    mounts: [
      ...options.volume.map((text) => parseVolume(text, context.cwd)),
      ...options.tmpfs.map(parseTmpfs),
      ...options.mount.map((text) => valueOf(parseMount(text, context.cwd))),
    ],
    volumesFrom: options['volumes-from'],
    volumeDriver: options['volume-driver'] ?? '',
    stopSignal: options['stop-signal'] ?? '',
    stopTimeoutSeconds: options['stop-timeout'],
    ...isolationConfig(context, options),
    ...namesConfig(options),
    restartPolicy: restartPolicy(options),
    healthCheck: healthCheck(options),
    logConfig: logConfig(options),
    ...portsConfig(options),
    attachedStreams: STREAMS.filter((stream) => attached[stream]),
    containerIdFile: options.cidfile ?? '',
    ...resourceFields(options),
    userNamespaceMode: userNamespaceMode(options.userns ?? ''),
  };
}

/** Docker's own modes, and `auto` as Podman has it: ids of the host that no other container has. */
function userNamespaceMode(mode: string): string {
  if (!['', 'host', 'auto'].includes(mode)) throw new CliError('--userns: invalid USER mode', 125);
  return mode;
}
