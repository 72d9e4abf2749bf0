import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Container } from './container.ts';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { Usage, UsageReader } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';

/** What measuring needs. */
export interface MeasureDeps {
  readonly store: ContainerStore;
  readonly usage: UsageReader;
  readonly plans: Pick<PlanBuilder, 'cgroupDir' | 'legacyCgroupDirs'>;
  readonly hostMemoryBytes: number;
  readonly nowNs: () => bigint;
}

/** What to measure. */
export interface MeasureRequest {
  /** References; none: all that run, also those that start later. */
  readonly containers: readonly string[];
  /** One complete measurement. */
  readonly once: boolean;
  /** With none named: also those that do not run. */
  readonly all: boolean;
}

/** A container and what it uses. */
export interface Measurement extends Usage {
  readonly id: string;
  readonly name: string;
  readonly timeNs: bigint;
  /** Share of one processor since the last measurement. */
  readonly cpuPercent: number;
  readonly memoryLimitBytes: number;
}

/** Measures once a second. Throws CONTAINER_NOT_FOUND for a reference that is none when it begins. */
export type ContainerMeter = (
  request: MeasureRequest,
  signal: AbortSignal,
) => AsyncGenerator<Measurement[], void, undefined>;

const INTERVAL_MS = 1000;
const NOTHING: Usage = {
  cpuNanos: 0,
  memoryBytes: 0,
  networkReceiveBytes: 0,
  networkTransmitBytes: 0,
  blockReadBytes: 0,
  blockWriteBytes: 0,
  pids: 0,
};

/** A meter of all containers. A share of a processor needs two looks, so the first answer comes after a second. */
export function createContainerMeter({ store, usage, plans, hostMemoryBytes, nowNs }: MeasureDeps): ContainerMeter {
  function select({ containers, all }: MeasureRequest, ids: readonly string[]): Container[] {
    if (containers.length === 0) return store.list().filter((container) => all || runs(container));
    return ids.map((id) => store.get(id)).filter((container) => container !== null);
  }

  function measure(container: Container): Measurement {
    const target = {
      pid: container.state.pid,
      cgroupDir: plans.cgroupDir(container),
      legacyDirs: plans.legacyCgroupDirs(container),
      ownNetwork: container.config.networkMode !== 'host',
    };
    const used = runs(container) ? usage.read(target) : null;
    const limit = container.config.resources.memoryBytes || hostMemoryBytes;
    const memoryLimitBytes = used === null ? 0 : Math.min(limit, hostMemoryBytes);
    const { id, name } = container;
    return { ...(used ?? NOTHING), id, name, timeNs: nowNs(), cpuPercent: 0, memoryLimitBytes };
  }

  /** Between two containers others get their turn: there may be hundreds. */
  async function measureAll(containers: readonly Container[]): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const container of containers) {
      measurements.push(measure(container));
      await setImmediate();
    }
    return measurements;
  }

  return async function* meter(request, signal) {
    const ids = request.containers.map((reference) => findContainer(store, reference).id);
    let before = new Map<string, Measurement>();
    for (let round = 0; !(request.once && round > 1); round++) {
      if (round > 0) await sleep(INTERVAL_MS, undefined, { signal });
      const now = await measureAll(select(request, ids));
      if (round > 0) yield now.map((each) => ({ ...each, cpuPercent: cpuPercent(before.get(each.id), each) }));
      before = new Map(now.map((each) => [each.id, each]));
    }
  };
}

/** Zero for one that was started in between: its time began anew. */
function cpuPercent(before: Measurement | undefined, now: Measurement): number {
  if (before === undefined || before.cpuNanos > now.cpuNanos) return 0;
  const elapsed = Number(now.timeNs - before.timeNs);
  return elapsed > 0 ? ((now.cpuNanos - before.cpuNanos) / elapsed) * 100 : 0;
}

function runs({ state }: Container): boolean {
  return state.status === 'running' || state.status === 'paused';
}
