import { BerthError } from '@berth/errors';
import { endpointsOf, isUp, type Container, type ContainerStatus, type PublishedPort } from '../container.ts';
import { attachmentsOf } from '../network/attachments.ts';
import { hasLabel, type Filter } from './prune-filters.ts';

/** What the filters of a list need to look up; each is asked once for a value. */
export interface FilterLookups {
  /** The container of a reference. Throws CONTAINER_NOT_FOUND, CONTAINER_AMBIGUOUS. */
  container(reference: string): Container;
  /** The id of an image; null when there is none of that name. */
  imageId(name: string): Promise<string | null>;
}

/** Filters of a list, ready to be used. */
export interface ListFilter {
  matches(container: Container): boolean;
  /** True when something was asked that only makes sense for containers that do not run, too. */
  readonly impliesAll: boolean;
}

type Test = (container: Container) => boolean;

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTH = ['none', 'starting', 'healthy', 'unhealthy'];
const IMPLY_ALL = ['status', 'exited', 'health', 'before', 'since'];

/** Parses the filters of `ps`: values of one key are alternatives, but labels add up, as keys do. Throws INVALID_ARGUMENT, in Docker's words. */
export async function parseListFilters(filters: readonly Filter[], lookups: FilterLookups): Promise<ListFilter> {
  const tests: Test[] = [];
  for (const [key, values] of Map.groupBy(filters, (filter) => filter.key)) {
    const alternatives = await Promise.all(values.map(({ value }) => parseFilter(key, value, lookups)));
    tests.push((container) =>
      key === 'label' ? alternatives.every((test) => test(container)) : alternatives.some((test) => test(container)),
    );
  }
  return {
    matches: (container) => tests.every((test) => test(container)),
    impliesAll: filters.some(({ key }) => IMPLY_ALL.includes(key)),
  };
}

async function parseFilter(key: string, value: string, lookups: FilterLookups): Promise<Test> {
  switch (key) {
    case 'id':
      return textTest(value, ({ id }) => id);
    case 'name':
      return nameTest(value);
    case 'label':
      return hasLabel(value);
    case 'status':
      check('state', value, STATES);
      return ({ state }) => stateName(state.status) === value;
    case 'exited':
      return exitedTest(value);
    case 'health':
      check('health', value, HEALTH);
      return ({ state }) => (state.health?.status ?? 'none') === value;
    case 'ancestor': {
      const imageId = await lookups.imageId(value);
      return (container) => container.imageId === imageId;
    }
    case 'before': {
      const { createTimeNs, id } = lookups.container(value);
      return (container) => container.createTimeNs < createTimeNs && container.id !== id;
    }
    case 'since': {
      const { createTimeNs, id } = lookups.container(value);
      return (container) => container.createTimeNs > createTimeNs && container.id !== id;
    }
    case 'volume':
      return ({ mounts }) =>
        mounts.some(({ name, source, target }) => (name === '' ? source : name) === value || target === value);
    case 'network':
      return networkTest(value);
    case 'expose':
      return portTest(value, ({ exposedPorts }) => exposedPorts);
    case 'publish':
      return portTest(value, ({ state }) => state.publishedPorts.map(publicPort));
    case 'is-task':
      return taskTest(value);
    case 'isolation':
      return () => value === '' || value === 'default';
    default:
      throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}'`);
  }
}

function check(what: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new BerthError('INVALID_ARGUMENT', `invalid value for ${what} (${value}): must be one of ${known.join(', ')}`);
}

/** Docker's name of a status. */
function stateName(status: ContainerStatus): string {
  return status === 'starting' ? 'created' : status;
}

/** Equal, or matched by a regular expression. What is no expression matches nothing, as in Docker. */
function textTest(pattern: string, textOf: (container: Container) => string): Test {
  const expression = compile(pattern);
  return (container) => {
    const text = textOf(container);
    return text === pattern || expression?.test(text) === true;
  };
}

/** With the slash that a name has in Docker, or without it: `^/web$` and `^web$`. */
function nameTest(pattern: string): Test {
  const plain = textTest(pattern.replace(/^\//, ''), ({ name }) => name);
  const slashed = textTest(pattern, ({ name }) => `/${name}`);
  return (container) => plain(container) || slashed(container);
}

function compile(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern);
  } catch {
    return null;
  }
}

function exitedTest(value: string): Test {
  if (!/^[+-]?[0-9]+$/.test(value)) {
    throw new BerthError('INVALID_ARGUMENT', `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return (container) =>
    !isUp(container) && container.state.startTimeNs !== null && container.state.exitCode === Number(value);
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function portTest(value: string, portsOf: (container: Container) => readonly string[]): Test {
  const [, first, last = first, protocol = 'tcp'] =
    /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  if (first === undefined) {
    throw new BerthError('INVALID_ARGUMENT', `error while looking up for ${JSON.stringify(value)}: invalid port`);
  }
  return (container) =>
    portsOf(container).some((port) => {
      const [number, portProtocol] = port.split('/');
      return portProtocol === protocol && Number(number) >= Number(first) && Number(number) <= Number(last);
    });
}

function publicPort({ hostPort, containerPort }: PublishedPort): string {
  return `${hostPort}/${containerPort.split('/')[1] ?? ''}`;
}

/** A network by its name, or, of a container that runs, by its id. */
function networkTest(value: string): Test {
  return (container) =>
    container.config.networkMode === value ||
    attachmentsOf(container.config).some(({ network }) => network === value) ||
    endpointsOf(container).some(({ networkId }) => networkId === value);
}

/** No container belongs to a cluster's task. */
function taskTest(value: string): Test {
  if (['true', '1'].includes(value)) return () => false;
  if (['false', '0'].includes(value)) return () => true;
  throw new BerthError('INVALID_ARGUMENT', `invalid filter 'is-task=${value}'`);
}
