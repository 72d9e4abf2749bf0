import type { DatabaseSync } from 'node:sqlite';
import { BerthError } from '@berth/errors';
import type { CommitFlush } from '@berth/service-kit';
import type { Container, ContainerSpec, ContainerState } from '../container.ts';
import { execKilledEvent } from '../events.ts';
import { DEFAULT_ISOLATION, DEFAULT_NAMES } from '../isolation.ts';
import type { ContainerStore, Leftover } from '../ports/stores.ts';
import { NO_LIMITS } from '../resources.ts';
import { nameInUseError } from '../spec/container-name.ts';
import type { Change, Durability } from './durability.ts';

/** Keeps containers in a service's database. */
export function createSqliteContainerStore(
  database: DatabaseSync,
  change: Change,
  { settled }: Pick<CommitFlush, 'settled'>,
): ContainerStore {
  const insert = database.prepare(
    'INSERT INTO containers (id, name, status, create_time_ns, spec, state) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = database.prepare('UPDATE containers SET status = ?, state = ? WHERE id = ? AND status = ?');
  const updateSpec = database.prepare('UPDATE containers SET name = ?, spec = ? WHERE id = ?');
  const deleteRow = database.prepare('DELETE FROM containers WHERE id = ? AND status = ?');
  const selectSpec = database.prepare('SELECT spec FROM containers WHERE id = ?');
  const selectState = database.prepare('SELECT state FROM containers WHERE id = ?');
  const selectIdOfName = database.prepare('SELECT id FROM containers WHERE name = ?');
  // Ids are hexadecimal, so `g` follows all that start with the prefix.
  const selectPrefix = database.prepare('SELECT id FROM containers WHERE id >= ? AND id < ? LIMIT 2');
  const selectAll = database.prepare('SELECT id, state FROM containers ORDER BY create_time_ns DESC, id');
  const insertLeftover = database.prepare(
    'INSERT OR REPLACE INTO leftovers (container_id, address, first_user_id, volumes) VALUES (?, ?, ?, ?)',
  );
  const selectLeftovers = database.prepare('SELECT container_id, address, first_user_id, volumes FROM leftovers');
  const deleteLeftover = database.prepare('DELETE FROM leftovers WHERE container_id = ?');
  const selectExecs = database.prepare('SELECT id FROM execs WHERE container_id = ?');
  const deleteExecs = database.prepare('DELETE FROM execs WHERE container_id = ?');

  /** What containers are is most of a row and hardly ever changes, so it is read once. */
  const specs = new Map<string, ContainerSpec>();

  function specOf(id: string): ContainerSpec {
    const known = specs.get(id);
    if (known !== undefined) return known;
    const spec = decodeSpec(String(selectSpec.get(id)?.spec));
    specs.set(id, spec);
    return spec;
  }

  function idOfName(name: string): string | null {
    const row = selectIdOfName.get(name);
    return row === undefined ? null : String(row.id);
  }

  /** Node reads the database alone, so nothing comes between this look and the write that follows. */
  function expectFreeName({ id, name }: ContainerSpec): void {
    const holder = idOfName(name);
    if (holder !== null && holder !== id) throw nameInUseError(name, holder);
  }

  return {
    insert(container, events) {
      change(durabilityOf(container), events, () => {
        expectFreeName(container);
        const { state, ...spec } = container;
        const { id, name, createTimeNs } = spec;
        insert.run(id, name, state.status, createTimeNs, encodeSpec(spec), encodeState(state));
      });
    },
    replace(before, after, events) {
      // That nothing of a run is left is told to nobody; start-up sees to it.
      const isPromised = after.state.status === 'exited' && (before.state.status !== 'exited' || events.length > 0);
      const durability = isPromised ? durabilityOf(after) : 'crash';
      change(durability, events, () => {
        const { changes } = update.run(after.state.status, encodeState(after.state), after.id, before.state.status);
        if (changes === 0) throw lostRace(before);
      });
    },
    redefine(spec, events) {
      change(durabilityOf(spec), events, () => {
        expectFreeName(spec);
        specs.delete(spec.id);
        updateSpec.run(spec.name, encodeSpec(spec), spec.id);
      });
    },
    remove(container, leftover, events) {
      const execs = selectExecs.all(container.id).map(({ id }) => execKilledEvent(container, String(id)));
      change(durabilityOf(container), [...execs, ...events], () => {
        if (deleteRow.run(container.id, container.state.status).changes === 0) throw lostRace(container);
        specs.delete(container.id);
        deleteExecs.run(container.id);
        insertLeftover.run(
          leftover.containerId,
          formatAddresses(leftover.addresses),
          leftover.firstUserId,
          leftover.volumes,
        );
      });
    },
    tell: (events) => change('crash', events, () => {}),
    get(id) {
      const row = selectState.get(id);
      return row === undefined ? null : { ...specOf(id), state: decodeState(String(row.state)) };
    },
    idOfName,
    idsWithPrefix: (prefix) => selectPrefix.all(prefix, `${prefix}g`).map((row) => String(row.id)),
    list: () => selectAll.all().map(({ id, state }) => ({ ...specOf(String(id)), state: decodeState(String(state)) })),
    listLeftovers: () =>
      selectLeftovers.all().map((row) => ({
        containerId: String(row.container_id),
        addresses: row.address === null ? [] : String(row.address).split(','),
        firstUserId: row.first_user_id === null ? null : Number(row.first_user_id),
        volumes: String(row.volumes) as Leftover['volumes'],
      })),
    removeLeftover(containerId) {
      change('crash', [], () => deleteLeftover.run(containerId));
    },
    settled,
  };
}

/** A container that removes itself promises nothing that outlives a boot: after one it is removed, whatever became of it. */
function durabilityOf(container: ContainerSpec): Durability {
  return container.config.autoRemove ? 'crash' : 'power-cut';
}

/** One column for all, as there was when there was but one. */
function formatAddresses(addresses: readonly string[]): string | null {
  return addresses.length === 0 ? null : addresses.join(',');
}

function lostRace(container: Container): BerthError {
  return new BerthError('ABORTED', `container ${container.id} is no longer ${container.state.status}: try again`);
}

function decodeSpec(text: string): ContainerSpec {
  const spec = JSON.parse(text) as Stored<ContainerSpec>;
  return {
    ...spec,
    pendingLimits: spec.pendingLimits ?? null,
    config: { ...UNSAID, ...spec.config, isolation: { ...DEFAULT_ISOLATION, ...spec.config.isolation } },
    createTimeNs: BigInt(spec.createTimeNs),
  };
}

function decodeState(text: string): ContainerState {
  const state = JSON.parse(text) as Stored<ContainerState>;
  return { ...state, startTimeNs: toTime(state.startTimeNs), finishTimeNs: toTime(state.finishTimeNs) };
}

/** What containers have whose rows were written before there was such a thing. */
const UNSAID = {
  volumesFrom: [],
  volumeDriver: '',
  names: DEFAULT_NAMES,
  annotations: {},
  resources: NO_LIMITS,
  sysctls: {},
  oomScoreAdj: 0,
  devices: [],
  deviceCgroupRules: [],
  deviceRequests: [],
  portBindings: [],
  publishAllPorts: false,
};

/** JSON has no bigint: nanoseconds are stored as text. */
type Stored<T> = {
  [Key in keyof T]: T[Key] extends bigint ? string : T[Key] extends bigint | null ? string | null : T[Key];
};

function encodeSpec(spec: ContainerSpec): string {
  return JSON.stringify({ ...spec, createTimeNs: String(spec.createTimeNs) } satisfies Stored<ContainerSpec>);
}

function encodeState(state: ContainerState): string {
  const { startTimeNs, finishTimeNs } = state;
  const stored: Stored<ContainerState> = {
    ...state,
    startTimeNs: startTimeNs === null ? null : String(startTimeNs),
    finishTimeNs: finishTimeNs === null ? null : String(finishTimeNs),
  };
  return JSON.stringify(stored);
}

function toTime(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
