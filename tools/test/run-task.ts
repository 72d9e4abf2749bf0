import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { countJest, countTap, withExitCode } from './count-tests.ts';
import { describeFailures } from './describe-failures.ts';
import type { Counts, Task, TaskResult } from './task.ts';

const TIMEOUT_MS = 10 * 60_000;

/** The process groups that run. */
const groups = new Set<number>();

/** Kills every task that runs. */
export function killTasks(): void {
  for (const group of groups) killGroup(group);
}

/** Runs a task to its end. What it started in its process group and left is killed. */
export async function runTask(task: Task): Promise<TaskResult> {
  const begin = performance.now();
  const dir = mkdtempSync('/tmp/berth-test-');
  const jsonFile = join(dir, 'result.json');
  const command = task.kind === 'jest' ? `${task.command} --json --outputFile=${jsonFile}` : task.command;
  try {
    const { ok, log } = await runShell(command, task.cwd);
    const json = readIfThere(jsonFile);
    const counts = withExitCode(countTests(task, { ok, log, json }), ok);
    const failures = counts.failed > 0 ? describeFailures(task.kind, log, json) : [];
    return { task, durationMs: performance.now() - begin, log, failures, ...counts };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function countTests(task: Task, { ok, log, json }: { ok: boolean; log: string; json: string | null }): Counts {
  if (task.kind === 'tap') return countTap(log);
  if (task.kind === 'check') return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  // Without it the exit code tells.
  return json === null ? { passed: 0, failed: 0, skipped: 0 } : countJest(json);
}

/** Null when jest did not come so far as to write it. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

async function runShell(command: string, cwd: string): Promise<{ ok: boolean; log: string }> {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  const group = child.pid ?? NaN;
  groups.add(group);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(group);
  }, TIMEOUT_MS);
  const closed = once(child, 'close');
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  killGroup(group);
  groups.delete(group);
  // A process that left the group may hold the pipes open: what it says now is not waited for.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1000))]);
  const log = Buffer.concat(chunks).toString();
  return { ok: code === 0, log: late ? `${log}\nkilled after ${TIMEOUT_MS / 60_000} minutes` : log };
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}
