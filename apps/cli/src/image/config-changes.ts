// The Dockerfile instructions that `import -c` and `commit -c` take, applied to an image's config.
import { posix } from 'node:path';
import { CliError } from '../cli-error.ts';
import { parseHealthcheck, type Healthcheck } from './healthcheck-instruction.ts';

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

const INSTRUCTIONS: Record<string, (value: string, config: ImageDefaults) => void> = {
  CMD: (value, config) => (config.Cmd = parseCommand(value)),
  ENTRYPOINT: (value, config) => (config.Entrypoint = parseCommand(value)),
  ENV(value, config) {
    for (const [name, content] of parsePairs(value, 'ENV')) {
      config.Env = [...(config.Env ?? []).filter((pair) => !pair.startsWith(`${name}=`)), `${name}=${content}`];
    }
  },
  EXPOSE(value, config) {
    for (const port of words(value)) {
      if (!/^\d+(-\d+)?(\/(tcp|udp|sctp))?$/.test(port)) throw new CliError(`invalid containerPort: ${port}`);
      config.ExposedPorts = { ...config.ExposedPorts, [port.includes('/') ? port : `${port}/tcp`]: {} };
    }
  },
  HEALTHCHECK: (value, config) => (config.Healthcheck = parseHealthcheck(value, parseJsonList)),
  LABEL(value, config) {
    config.Labels = { ...config.Labels, ...Object.fromEntries(parsePairs(value, 'LABEL')) };
  },
  ONBUILD(value, config) {
    const [word = ''] = value.split(/\s/, 1);
    if (word.toUpperCase() === 'ONBUILD') fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (/^(MAINTAINER|FROM)$/i.test(word)) fail(`${word.toUpperCase()} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), value];
  },
  STOPSIGNAL: (value, config) => (config.StopSignal = value),
  USER: (value, config) => (config.User = value),
  VOLUME(value, config) {
    for (const path of parseJsonList(value) ?? words(value)) config.Volumes = { ...config.Volumes, [path]: {} };
  },
  WORKDIR: (value, config) => (config.WorkingDir = posix.resolve(config.WorkingDir ?? '/', value)),
};

/** Applies instructions one after another. Throws CliError for one that is unknown or malformed. */
export function applyChanges(changes: readonly string[]): ImageDefaults {
  const config: ImageDefaults = {};
  for (const change of changes) {
    const [, word = '', value = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(change) ?? [];
    const apply = INSTRUCTIONS[word.toUpperCase()];
    if (!apply) throw new CliError(`Error response from daemon: ${word} is not a valid change command`);
    if (value === '')
      throw new CliError(`Error response from daemon: ${word.toUpperCase()} requires at least one argument`);
    apply(value, config);
  }
  return config;
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
function parsePairs(value: string, instruction: string): [string, string][] {
  const [first = ''] = words(value);
  if (!first.includes('=')) {
    const space = value.search(/\s/);
    if (space === -1) throw new CliError(`Error response from daemon: ${instruction} must have two arguments`);
    return [[value.slice(0, space), value.slice(space).trim()]];
  }
  return words(value).map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new CliError(`Error response from daemon: Syntax error - can't find = in "${pair}"`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
}

/** Splits at white space; quotes and backslashes keep it. */
function words(value: string): string[] {
  const found = value.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'])+/g) ?? [];
  return found.map((word) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double?: string, single?: string, escaped?: string) =>
      double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(.)/g, '$1'),
    ),
  );
}
