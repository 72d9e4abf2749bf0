import { setTimeout as sleep } from 'node:timers/promises';
import { isBerthError, toBerthError } from '@berth/errors';
import type { HealthCheck } from './container-config.ts';
import type { Container, Health, HealthResult } from './container.ts';
import type { ContainerControl } from './control-containers.ts';
import { containerEvent } from './events.ts';
import type { ContainerExecs, ExecRequest } from './exec-container.ts';
import { afterCheck, NEW_HEALTH, nextCheckMs, timeoutMs } from './health.ts';
import type { Log } from './ports/log.ts';
import type { ProcessConnection } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { healthCommand } from './spec/health-check.ts';

/** What checking needs. */
export interface HealthDeps {
  readonly store: ContainerStore;
  readonly runtime: Pick<Runtime, 'killGroup'>;
  readonly execs: Pick<ContainerExecs, 'launch'>;
  readonly control: Pick<ContainerControl, 'stop' | 'restart' | 'crash'>;
  readonly nowNs: () => bigint;
  readonly log: Log;
  /** Aborted when the service stops: its next start goes on. */
  readonly signal: AbortSignal;
}

/** Asks containers how they are. */
export interface HealthMonitor {
  /** Begins to check a container that runs, if it has a check. Checks end with the run; they rest while it is paused. */
  watch(id: string): void;
}

const OUTPUT_MAX_BYTES = 4096;
/** Whose command did not even start, or took too long. */
const NO_ANSWER = -1;
const AS_CONTAINER: Omit<ExecRequest, 'container' | 'command'> = {
  environment: [],
  workingDirectory: '',
  user: '',
  terminal: false,
  openStdin: false,
  detach: false,
  privileged: false,
};

/** A monitor of all containers. A check is an exec; the results are in the rows, so they outlive the service. */
export function createHealthMonitor(deps: HealthDeps): HealthMonitor {
  const { store, execs, runtime, control, log, signal } = deps;
  const timers = new Map<string, NodeJS.Timeout>();
  signal.addEventListener('abort', () => timers.forEach((timer) => clearTimeout(timer)), { once: true });

  const nowMs = (): number => Number(deps.nowNs() / 1_000_000n);
  const startedMs = ({ state }: Container): number => Number((state.startTimeNs ?? 0n) / 1_000_000n);

  function schedule(id: string): void {
    const container = store.get(id);
    clearTimeout(timers.get(id));
    timers.delete(id);
    if (container === null || signal.aborted || !isUp(container)) return;
    const { healthCheck, state } = container;
    if (healthCheck === null) return;
    const delayMs = nextCheckMs(healthCheck, state.health ?? NEW_HEALTH, nowMs() - startedMs(container));
    const timer = setTimeout(() => void turn(id, timer), delayMs).unref();
    timers.set(id, timer);
  }

  async function turn(id: string, timer: NodeJS.Timeout): Promise<void> {
    const container = store.get(id);
    if (container?.state.status === 'running' && container.healthCheck !== null) {
      const result = await check(container, container.healthCheck);
      // Another run has checks of its own.
      if (timers.get(id) !== timer) return;
      if (result !== null) await note(container, container.healthCheck, result);
    }
    if (timers.get(id) === timer) schedule(id);
  }

  /** Null when the container ended meanwhile. */
  async function check(container: Container, healthCheck: HealthCheck): Promise<HealthResult | null> {
    const startMs = nowMs();
    const answer = (exitCode: number, output: string): HealthResult => ({ startMs, endMs: nowMs(), exitCode, output });
    const command = healthCommand(healthCheck, container.shell);
    try {
      const { process, stateDir, ended } = await execs.launch({ ...AS_CONTAINER, container: container.id, command });
      const output = collect(process.connection.output);
      const limit = new AbortController();
      const tooLate = sleep(timeoutMs(healthCheck), null, { signal: limit.signal, ref: false }).catch(() => null);
      const exit = await Promise.race([ended, tooLate]);
      limit.abort();
      if (exit !== null) return answer(exit.exitCode, await output);
      runtime.killGroup(stateDir);
      process.connection.close();
      return answer(NO_ANSWER, `Health check exceeded timeout (${formatDuration(timeoutMs(healthCheck))})`);
    } catch (error) {
      if (isBerthError(error, 'CONTAINER_NOT_RUNNING', 'CONTAINER_PAUSED', 'CONTAINER_NOT_FOUND')) return null;
      return signal.aborted ? null : answer(NO_ANSWER, toBerthError(error).message);
    }
  }

  async function note({ id }: Container, healthCheck: HealthCheck, result: HealthResult): Promise<void> {
    const container = store.get(id);
    if (container === null || !isUp(container)) return;
    const before = container.state.health ?? NEW_HEALTH;
    const health = afterCheck(healthCheck, before, result, startedMs(container));
    const hasChanged = health.status !== before.status;
    const events = hasChanged ? [containerEvent(container, `health_status: ${health.status}`)] : [];
    try {
      store.replace(container, { ...container, state: { ...container.state, health } }, events);
    } catch (error) {
      // A full disk costs one result.
      log.warn({ containerId: id, err: error }, 'health not recorded');
      return;
    }
    if (hasChanged) await react(container, healthCheck, health);
  }

  async function react({ id }: Container, { onFailure }: HealthCheck, { status }: Health): Promise<void> {
    if (status !== 'unhealthy' || onFailure === 'none') return;
    log.info({ containerId: id, action: onFailure }, 'container unhealthy');
    const how = { timeoutSeconds: null, signal: '' };
    const action = { kill: control.crash, stop: control.stop, restart: control.restart }[onFailure];
    await action(id, how).catch((error: unknown) => {
      log.warn({ containerId: id, err: error }, 'unhealthy container not acted on');
    });
  }

  return { watch: schedule };
}

function isUp({ state: { status } }: Container): boolean {
  return status === 'running' || status === 'paused';
}

/** The first bytes of an output, as text; the rest is read and dropped, so that it holds nobody up. */
async function collect(output: ProcessConnection['output']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of output) {
    // An exec has no log, so its output has no gaps.
    if (chunk.stream === 'log') continue;
    if (length < OUTPUT_MAX_BYTES) chunks.push(chunk.data);
    length += chunk.data.length;
  }
  const text = Buffer.concat(chunks).subarray(0, OUTPUT_MAX_BYTES).toString();
  return length > OUTPUT_MAX_BYTES ? `${text}...` : text;
}

/** As Go prints durations below an hour: `100ms`, `1.5s`, `1m30s`. */
function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes > 0 ? `${minutes}m` : ''}${(ms % 60_000) / 1000}s`;
}
