import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseLayerReport, type LayerReport } from './layer-report.ts';

/** The process of `berth-layer serve`; this file knows its protocol (libs/layers/native/src/serve.c), and no other does. */
export interface ToolProcess {
  /**
   * Runs a task and returns how it ended: the last thing it reported that is no progress and no stat; null when it ended without. An abort kills it; it has
   * ended when this returns.
   */
  run(
    args: readonly string[],
    signal: AbortSignal,
    onReport?: (report: LayerReport) => void,
  ): Promise<LayerReport | null>;
  hasEnded(): boolean;
  close(): Promise<void>;
}

interface Job {
  last: LayerReport | null;
  readonly onReport: ((report: LayerReport) => void) | undefined;
  readonly end: (last: LayerReport | null) => void;
}

export function startToolProcess({ program, env = {} }: { program: string; env?: NodeJS.ProcessEnv }): ToolProcess {
  const child = spawn(program, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const jobs = new Map<string, Job>();
  let lastId = 0;
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const onEnd = () => {
      hasEnded = true;
      for (const id of jobs.keys()) finish(id);
      resolve();
    };
    child.once('error', onEnd).once('close', onEnd);
  });
  // A tool that ends takes its input with it; its jobs tell.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, id = '', text = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    const job = jobs.get(id);
    if (job !== undefined) receive(id, job, text);
  });

  function finish(id: string): void {
    const job = jobs.get(id);
    jobs.delete(id);
    job?.end(job.last);
  }

  function receive(id: string, job: Job, text: string): void {
    const report = parseOrNull(text);
    if (report?.kind === 'end') finish(id);
    else if (report?.kind === 'progress' || report?.kind === 'stat') job.onReport?.(report);
    else job.last = report;
  }

  function send(fields: readonly string[]): void {
    child.stdin.write(`${fields.join('\0')}\0\0`);
  }

  return {
    async run(args, signal, onReport) {
      if (hasEnded) return null;
      const id = String(++lastId);
      const { promise, resolve } = Promise.withResolvers<LayerReport | null>();
      jobs.set(id, { last: null, onReport, end: resolve });
      send([id, ...args]);
      const cancel = () => send([id, 'cancel']);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    hasEnded: () => hasEnded,
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** What a child of the tool prints may be forged by a hostile layer: a line that is no report counts as none. */
function parseOrNull(text: string): LayerReport | null {
  try {
    return parseLayerReport(text);
  } catch {
    return null;
  }
}
