import type { Container } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { stateName } from './container-row.ts';

export interface ContainerFilters {
  /** Values by key: of the same key one must match, of different keys all. */
  values: ReadonlyMap<string, string[]>;
  /** True when it was asked for containers that do not run. */
  impliesAll: boolean;
}

const KEYS = ['ancestor', 'exited', 'id', 'label', 'name', 'network', 'status', 'volume'];

/** Parses the values of `--filter`. Docker's `before`, `since`, `health`, `publish`, `expose` and `is-task` are not supported. */
export function parseContainerFilters(texts: readonly string[]): ContainerFilters {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals === -1)
      throw new CliError(`invalid argument "${text}" for "-f, --filter" flag: invalid filter '${text}'`, 125);
    const key = text.slice(0, equals).trim().toLowerCase();
    if (!KEYS.includes(key)) throw new CliError(`Error response from daemon: invalid filter '${key}'`);
    values.set(key, [...(values.get(key) ?? []), text.slice(equals + 1).trim()]);
  }
  return { values, impliesAll: values.has('status') || values.has('exited') };
}

export function filterContainers(containers: readonly Container[], { values }: ContainerFilters): Container[] {
  return containers.filter((container) =>
    Array.from(values).every(([key, wanted]) =>
      // Labels are the exception: all must match.
      key === 'label'
        ? wanted.every((value) => matches(container, key, value))
        : wanted.some((value) => matches(container, key, value)),
    ),
  );
}

function matches(container: Container, key: string, value: string): boolean {
  switch (key) {
    case 'ancestor':
      return (
        container.config?.image === value ||
        container.imageId.replace('sha256:', '').startsWith(value.replace('sha256:', ''))
      );
    case 'exited':
      return stateName(container.status) === 'exited' && container.exitCode === Number(value);
    case 'id':
      return container.id.startsWith(value);
    case 'label': {
      const [name = '', ...rest] = value.split('=');
      return Object.hasOwn(container.labels, name) && (rest.length === 0 || container.labels[name] === rest.join('='));
    }
    case 'name':
      return matchesName(container.name, value);
    case 'network':
      return container.network?.network === value;
    case 'status':
      return stateName(container.status) === value;
    case 'volume':
      return container.mounts.some(({ name, source, target }) => [name, source, target].includes(value));
    default:
      return false;
  }
}

/** Part of the name, or a regular expression. */
function matchesName(name: string, pattern: string): boolean {
  if (name.includes(pattern)) return true;
  try {
    // Docker matches against the name with its slash, too: `^/web$`.
    const expression = new RegExp(pattern);
    return expression.test(name) || expression.test(`/${name}`);
  } catch {
    return false;
  }
}
