// The Dockerfile instructions that `import -c` and `commit -c` take, applied to an image's config.
import { posix } from 'node:path';
import { CliError } from '../cli-error.ts';
import { exposedPorts } from '../container/exposed-ports.ts';
import { parseHealthcheck, type Healthcheck } from './healthcheck-instruction.ts';
import { readWord, splitWords } from './instruction-words.ts';

/** An OCI image config's `config` object, as far as instructions change it. */
export interface ImageDefaults {
  Cmd?: string[];
  Entrypoint?: string[];
  Env?: string[];
  ExposedPorts?: Record<string, object>;
  Healthcheck?: Healthcheck;
  Labels?: Record<string, string>;
  OnBuild?: string[];
  StopSignal?: string;
  User?: string;
  Volumes?: Record<string, object>;
  WorkingDir?: string;
}

/** What the instructions are applied to. */
export interface ChangesBase {
  readonly Env: readonly string[];
  readonly WorkingDir: string;
}

interface Changing {
  readonly base: ChangesBase;
  readonly config: ImageDefaults;
  /** One word, with the values of its variables. */
  read(word: string): string;
}

const INSTRUCTIONS: Record<string, (value: string, changing: Changing) => void> = {
  CMD: (value, { config }) => (config.Cmd = parseCommand(value)),
  ENTRYPOINT: (value, { config }) => (config.Entrypoint = parseCommand(value)),
  ENV(value, { base, config, read }) {
    const env = [...(config.Env ?? base.Env)];
    // All words of an instruction are read before the first is set.
    for (const [name, content] of parsePairs(value, 'ENV', read)) {
      const at = env.findIndex((pair) => pair.startsWith(`${name}=`));
      env.splice(at === -1 ? env.length : at, 1, `${name}=${content}`);
    }
    config.Env = env;
  },
  EXPOSE(value, { config, read }) {
    const ports = splitWords(value)
      .flatMap((word) => splitWords(read(word)))
      .flatMap(parsePort);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
  },
  HEALTHCHECK: (value, { config }) => (config.Healthcheck = parseHealthcheck(value, parseJsonList)),
  LABEL(value, { config, read }) {
    config.Labels = { ...config.Labels, ...Object.fromEntries(parsePairs(value, 'LABEL', read)) };
  },
  ONBUILD(value, { config }) {
    const [word = ''] = value.split(/\s/, 1);
    if (word.toUpperCase() === 'ONBUILD') fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (/^(MAINTAINER|FROM)$/i.test(word)) fail(`${word.toUpperCase()} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), value];
  },
  STOPSIGNAL: (value, { config, read }) => (config.StopSignal = read(value)),
  USER: (value, { config, read }) => (config.User = read(value)),
  VOLUME(value, { config, read }) {
    const paths = (parseJsonList(value) ?? splitWords(value)).map(read);
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  },
  WORKDIR(value, { base, config, read }) {
    config.WorkingDir = posix.resolve('/', config.WorkingDir ?? base.WorkingDir, read(value));
  },
};

const NOTHING: ChangesBase = { Env: [], WorkingDir: '' };

/**
 * Applies instructions one after another to what a container has, and returns what they change; an environment that changes is whole. Throws
 * CliError for one that is unknown or malformed.
 */
export function applyChanges(changes: readonly string[], base = NOTHING): ImageDefaults {
  const config: ImageDefaults = {};
  for (const line of linesOf(changes)) {
    const [, word = '', value = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(line) ?? [];
    const apply = INSTRUCTIONS[word.toUpperCase()];
    if (!apply) fail(`${word} is not a valid change command`);
    if (value === '') fail(`${word.toUpperCase()} requires at least one argument`);
    apply(value, { base, config, read: createReader(config.Env ?? base.Env) });
  }
  return config;
}

/** Several instructions may come as one, as in a Dockerfile. */
function linesOf(changes: readonly string[]): string[] {
  const lines = changes
    .join('\n')
    .replace(/\\[ \t]*\n/g, '')
    .split('\n');
  const found = lines.filter((line) => !/^\s*(#|$)/.test(line));
  if (changes.length > 0 && found.length === 0) fail('file with no instructions');
  return found;
}

function createReader(env: readonly string[]): Changing['read'] {
  const variables = new Map(
    env.map((pair): [string, string] => {
      const [name = ''] = pair.split('=', 1);
      return [name, pair.slice(name.length + 1)];
    }),
  );
  return (word) => {
    try {
      return readWord(word, variables);
    } catch (error) {
      return fail((error as Error).message);
    }
  };
}

function parsePort(text: string): string[] {
  try {
    return exposedPorts([text]);
  } catch {
    return fail(`invalid containerPort: ${text}`);
  }
}

function fail(message: string): never {
  throw new CliError(`Error response from daemon: ${message}`);
}

/** `["a", "b"]`, or a line for the shell. */
function parseCommand(value: string): string[] {
  return parseJsonList(value) ?? ['/bin/sh', '-c', value];
}

function parseJsonList(value: string): string[] | undefined {
  if (!value.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** `a=b c="d e"`, or the old `a b c` for one name. */
function parsePairs(value: string, instruction: string, read: Changing['read']): [string, string][] {
  const words = splitWords(value);
  if (!words[0]?.includes('=')) {
    const space = value.search(/\s/);
    if (space === -1) fail(`${instruction} must have two arguments`);
    return [[value.slice(0, space), read(value.slice(space).trim())]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === -1) fail(`Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    if (equals === 0) fail(`${instruction} names can not be blank`);
    return [read(word.slice(0, equals)), read(word.slice(equals + 1))];
  });
}
