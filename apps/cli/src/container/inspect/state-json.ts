import type { Container } from '@berth/proto/container';
import { healthJson } from './health-json.ts';
import { formatRfc3339Nano } from '../../format/go-time.ts';
import type { Json } from '../../format/json.ts';
import { stateName } from '../container-row.ts';

/** `State`. */
export function stateJson(container: Container): Json {
  const status = stateName(container.status);
  return {
    Status: status,
    // As in Docker, a container that is frozen or waits for its next start counts as one that runs.
    Running: ['running', 'paused', 'restarting'].includes(status),
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: container.pid,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: formatRfc3339Nano(container.startTime),
    FinishedAt: formatRfc3339Nano(container.finishTime),
    ...healthJson(container.health),
  };
}
