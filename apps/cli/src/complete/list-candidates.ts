import { COMMANDS, GROUPS } from '../command-table.ts';
import type { Options } from '../options/option.ts';
import { findPlace, type Place } from './find-place.ts';

/** A word that can stand where one is being typed. */
export interface Candidate {
  readonly word: string;
  readonly help?: string;
}

/** A container that has a name. */
export interface NamedContainer {
  readonly name: string;
  /** `running`, `exited` … */
  readonly state: string;
}

/** What there is to name. */
export interface Names {
  containers(): Promise<readonly NamedContainer[]>;
  images(): Promise<readonly string[]>;
  networks(): Promise<readonly string[]>;
  volumes(): Promise<readonly string[]>;
}

/** Commands that are of use for containers in these states only. */
const STATES: Readonly<Record<string, readonly string[]>> = {
  attach: ['running'],
  exec: ['running'],
  kill: ['running', 'paused'],
  pause: ['running'],
  start: ['created', 'exited'],
  stop: ['running', 'paused', 'restarting'],
  top: ['running'],
  unpause: ['paused'],
};

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'log-driver': ['json-file', 'local', 'none', 'journald'],
  pull: ['always', 'missing', 'never'],
  restart: ['no', 'on-failure', 'always', 'unless-stopped'],
  signal: ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'],
};

/** The words that can stand in the place of the last one. None where there are none, or where a file can stand: the shell knows those. */
export async function listCandidates(words: readonly string[], names: Names): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const place = await findPlace(words.slice(0, -1), current);
  const candidates = place === null ? [] : await candidatesAt(place, names);
  return candidates.filter(({ word }) => word.startsWith(current));
}

async function candidatesAt(place: Place, names: Names): Promise<Candidate[]> {
  switch (place.kind) {
    case 'command':
      return listCommands(place.group);
    case 'option':
      return listOptions(place.options);
    case 'value':
      return plain(await valuesOf(place.option, names), place.prefix);
    case 'argument':
      return plain(await argumentsAt(place, names));
  }
}

function plain(words: readonly string[], prefix = ''): Candidate[] {
  return [...new Set(words)].map((word) => ({ word: prefix + word }));
}

function listCommands(group: string | null): Candidate[] {
  const start = group === null ? '' : `${group} `;
  const commands = COMMANDS.flatMap(({ paths, summary }) => paths.map((path) => ({ path, help: summary })))
    .filter(({ path }) => path.startsWith(start))
    .map(({ path, help }) => ({ word: path.slice(start.length), help }))
    .filter(({ word }) => !word.includes(' '));
  return group === null
    ? [...commands, ...GROUPS.map(({ name, summary }) => ({ word: name, help: summary }))]
    : commands;
}

function listOptions(options: Options): Candidate[] {
  const shown = Object.entries(options).filter(([, { hidden }]) => hidden !== true);
  return [...shown.map(([name, { help }]) => ({ word: `--${name}`, help })), { word: '--help', help: 'Show the help' }];
}

async function valuesOf(option: string, names: Names): Promise<readonly string[]> {
  if (option === 'network' || option === 'net') return names.networks();
  if (option === 'volumes-from') return (await names.containers()).map(({ name }) => name);
  return VALUES[option] ?? [];
}

async function argumentsAt(
  { path, placeholder }: Place & { kind: 'argument' },
  names: Names,
): Promise<readonly string[]> {
  switch (placeholder) {
    case 'CONTAINER': {
      const states = STATES[path.split(' ').at(-1) ?? ''];
      const fitting = (await names.containers()).filter(({ state }) => states?.includes(state) ?? true);
      // Of cp: the path in it follows.
      return fitting.map(({ name }) => (/\bcp$/.test(path) ? `${name}:` : name));
    }
    case 'IMAGE':
    case 'SOURCE_IMAGE':
    case 'TARGET_IMAGE':
    case 'REPOSITORY':
      return names.images();
    case 'NETWORK':
      return names.networks();
    case 'VOLUME':
      return names.volumes();
    case 'NAME':
      if (/\b(push|pull)$/.test(path)) return names.images();
      return [...(await names.containers()).map(({ name }) => name), ...(await names.images())];
    case 'SHELL':
      return ['bash', 'fish', 'zsh'];
    default:
      return [];
  }
}
