import { mkdirSync, rmSync } from 'node:fs';
import { BerthError } from '@berth/errors';
import type { LayerReport } from './layer-report.ts';
import { startToolProcess, type ToolProcess } from './tool-process.ts';

export interface ToolOptions {
  /** Absolute path of berth-layer. */
  readonly program: string;
  /** A directory for the sockets over which bytes go: made anew, for this tool alone. */
  readonly streamDir: string;
  /** The tool's environment; it needs none. Default: empty. */
  readonly env?: NodeJS.ProcessEnv;
}

/** One small resident process that forks for each task, because Node forks slowly. */
export interface Tool {
  /** As ToolProcess.run. Starts the process with the first task, and again with the next one should it end. */
  readonly run: ToolProcess['run'];
  /** Ends the process and what it does. */
  close(): Promise<void>;
}

export function startTool(options: ToolOptions): Tool {
  rmSync(options.streamDir, { recursive: true, force: true });
  mkdirSync(options.streamDir, { recursive: true, mode: 0o700 });
  let tool: ToolProcess | null = null;
  return {
    run(args, signal, onReport) {
      if (tool === null || tool.hasEnded()) tool = startToolProcess(options);
      return tool.run(args, signal, onReport);
    },
    async close() {
      await tool?.close();
    },
  };
}

/** Why a task has no result. */
export function failureOf(last: LayerReport | null): BerthError {
  if (last?.kind === 'error') return last.error;
  const cause = new Error(`berth-layer ended without a result: ${JSON.stringify(last)}`);
  return new BerthError('INTERNAL', 'the layer tool failed: see the service log', { cause });
}

export function cancelled(): BerthError {
  return new BerthError('CANCELLED', 'the work on files was cancelled');
}
