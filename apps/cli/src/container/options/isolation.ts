// How far a container is kept apart from its host and from other containers.
import { readFileSync } from 'node:fs';
import type { ContainerConfig } from '@berth/proto/container';
import { resolve } from 'node:path';
import { CliError } from '../../cli-error.ts';
import type { CommandContext } from '../../context.ts';
import { systemErrorText } from '../../describe-error.ts';
import { quote } from '../../format/text.ts';
import type { Options, OptionValues } from '../../options/option.ts';

export const ISOLATION_OPTIONS = {
  annotation: {
    kind: 'list',
    valueName: 'map',
    help: 'Add an annotation to the container (passed through to the OCI runtime)',
    defaultText: 'map[]',
  },
  'cap-add': { kind: 'list', help: 'Add Linux capabilities' },
  'cap-drop': { kind: 'list', help: 'Drop Linux capabilities' },
  cgroupns: {
    kind: 'string',
    help: "Cgroup namespace to use (host|private)\n'host':    Run the container in the Docker host's cgroup namespace\n'private': Run the container in its own private cgroup namespace\n'':        Use the cgroup namespace as configured by the\n           default-cgroupns-mode option on the daemon (default)",
  },
  'group-add': { kind: 'list', help: 'Add additional groups to join' },
  init: { kind: 'flag', help: 'Run an init inside the container that forwards signals and reaps processes' },
  ipc: { kind: 'string', help: 'IPC mode to use' },
  pid: { kind: 'string', help: 'PID namespace to use' },
  privileged: { kind: 'flag', help: 'Give extended privileges to this container' },
  'read-only': { kind: 'flag', help: "Mount the container's root filesystem as read only" },
  'security-opt': { kind: 'list', help: 'Security Options' },
  tmpfs: { kind: 'list', help: 'Mount a tmpfs directory' },
  uts: { kind: 'string', help: 'UTS namespace to use' },
} as const satisfies Options;

type IsolationFields =
  | 'additionalGroups'
  | 'annotations'
  | 'apparmorProfile'
  | 'capabilitiesAdd'
  | 'capabilitiesDrop'
  | 'cgroupNamespaceMode'
  | 'init'
  | 'ipcMode'
  | 'noNewPrivileges'
  | 'pidMode'
  | 'privileged'
  | 'readonlyRoot'
  | 'seccompProfile'
  | 'securityOptions'
  | 'systemPathsUnconfined'
  | 'utsMode'
  | 'writableCgroups';

/** What the options say about isolation. */
export function isolationConfig(
  { cwd }: CommandContext,
  options: OptionValues<typeof ISOLATION_OPTIONS>,
): Pick<ContainerConfig, IsolationFields> {
  const { pid = '', ipc = '', uts = '', cgroupns = '' } = options;
  checkMode(pid === '' || pid === 'host' || /^container:./.test(pid), '--pid: invalid PID mode');
  checkMode(uts === '' || uts === 'host', '--uts: invalid UTS mode');
  checkMode(['', 'host', 'private'].includes(cgroupns), '--cgroupns: invalid CGROUP mode');
  return {
    additionalGroups: options['group-add'],
    annotations: annotations(options.annotation),
    ...capabilities(options['cap-add'], options['cap-drop']),
    cgroupNamespaceMode: cgroupns,
    init: options.init,
    ipcMode: ipc,
    pidMode: pid,
    privileged: options.privileged,
    readonlyRoot: options['read-only'],
    utsMode: uts,
    ...securityConfig(options['security-opt'], cwd),
  };
}

function checkMode(valid: boolean, message: string): void {
  if (!valid) throw new CliError(message, 125);
}

function annotations(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    return equals === -1 ? ([pair, ''] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
  });
  return Object.fromEntries(entries);
}

/** As docker/cli's EffectiveCapAddCapDrop: in one spelling, sorted, and what is added is not dropped. */
function capabilities(
  add: readonly string[],
  drop: readonly string[],
): Pick<ContainerConfig, 'capabilitiesAdd' | 'capabilitiesDrop'> {
  const added = new Set(add.map(capabilityName));
  const dropped = new Set(drop.map(capabilityName));
  const capabilitiesAdd = added.has('ALL') ? ['ALL'] : [...added].sort();
  const capabilitiesDrop = dropped.has('ALL') ? ['ALL'] : [...dropped].filter((name) => !added.has(name)).sort();
  return { capabilitiesAdd, capabilitiesDrop };
}

function capabilityName(text: string): string {
  const name = text.trim().toUpperCase();
  if (name === 'ALL' || name === 'CAP_ALL') return 'ALL';
  return name.startsWith('CAP_') ? name : `CAP_${name}`;
}

type SecurityFields =
  | 'apparmorProfile'
  | 'noNewPrivileges'
  | 'seccompProfile'
  | 'securityOptions'
  | 'systemPathsUnconfined'
  | 'writableCgroups';

function securityConfig(texts: readonly string[], cwd: string): Pick<ContainerConfig, SecurityFields> {
  const config: Pick<ContainerConfig, SecurityFields> = {
    apparmorProfile: '',
    noNewPrivileges: false,
    seccompProfile: '',
    securityOptions: [],
    systemPathsUnconfined: false,
    writableCgroups: undefined,
  };
  for (const text of texts) {
    const [key, value] = splitSecurityOption(text);
    if (key === 'seccomp') config.seccompProfile = seccompProfile(value, cwd);
    // As docker/cli: what it understands itself it does not send.
    if (key !== 'systempaths')
      config.securityOptions.push(key === 'seccomp' ? `seccomp=${config.seccompProfile}` : text);
    if (key === 'seccomp') continue;
    if (key === 'no-new-privileges') config.noNewPrivileges = parseSwitch(text, value);
    else if (key === 'writable-cgroups') config.writableCgroups = parseSwitch(text, value);
    else if (key === 'apparmor') config.apparmorProfile = value;
    else if (key === 'systempaths' && value === 'unconfined') config.systemPathsUnconfined = true;
    else if (key !== 'label') throw new CliError(`invalid --security-opt 2: ${quote(text)}`, 125);
    // There are no SELinux labels to switch off.
    else if (value !== 'disable') throw new CliError(`--security-opt ${text}: SELinux labels are not supported`, 125);
  }
  return config;
}

/** At the first `=`, or the first `:` when there is none. */
function splitSecurityOption(text: string): [string, string] {
  if (text === 'no-new-privileges' || text === 'writable-cgroups') return [text, 'true'];
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  const value = text.slice(at + 1);
  if (at === -1 || value === '') throw new CliError(`Invalid --security-opt: ${quote(text)}`, 125);
  return [text.slice(0, at), value];
}

function parseSwitch(text: string, value: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false;
  throw new CliError(`invalid --security-opt 2: ${quote(text)}`, 125);
}

/** The text of a profile, so that the file need not be on the engine's host. */
function seccompProfile(value: string, cwd: string): string {
  if (value === 'builtin' || value === 'unconfined') return value;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, value), 'utf8');
  } catch (error) {
    const reason = systemErrorText(Object.assign(error as NodeJS.ErrnoException, { path: value }));
    throw new CliError(`opening seccomp profile (${value}) failed: ${reason}`, 125);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new CliError(`compacting json for seccomp profile (${value}) failed: ${(error as Error).message}`, 125);
  }
  return compactJson(text);
}

/** JSON without its white space. Numbers stay as they are written: those of 64 bits do not pass through a double. */
function compactJson(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (token) => (token.startsWith('"') ? token : ''));
}
