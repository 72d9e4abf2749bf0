// Runs every check and test. Quiet while all is well: a line for each task; the log of one that failed; at the end every failure in few lines, and the sum in the last.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkTasks } from './checks.ts';
import { addCounts, formatCounts } from './count-tests.ts';
import { findTargetTasks } from './find-tasks.ts';
import { killTasks, runTask } from './run-task.ts';
import { findLeaks, snapshotHost } from './snapshot-host.ts';
import type { Task, TaskResult } from './task.ts';

const WORKERS = 2;
const LOG_LINES = 200;
/** The virtual machine takes a minute or two: it is left out of a whole run that has come to this age, so that CI ends in time. */
const NO_MACHINE_AFTER_MS = 10 * 60_000;
const SETTLE_MS = 10_000;

const workspace = join(import.meta.dirname, '../..');
const words = process.argv.slice(2);
const isWanted = ({ name }: Task) => words.every((word) => name.includes(word));

const quick = [
  ...checkTasks(workspace),
  ...['unit', 'native-test', 'fuzz'].flatMap((name) => findTargetTasks(workspace, name)),
];
const integration = findTargetTasks(workspace, 'integration');
const machine = findTargetTasks(workspace, 'vm');
const isEndToEnd = ({ cwd }: Task) => cwd.endsWith('/e2e');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killTasks();
    process.exit(1);
  });
}

const begin = performance.now();
const before = snapshotHost(workspace);
const results = [
  ...(await runAll(quick.filter(isWanted), WORKERS)),
  ...(await runAll(
    integration.filter((task) => isWanted(task) && !isEndToEnd(task)),
    WORKERS,
  )),
  ...(await runAll(
    integration.filter((task) => isWanted(task) && isEndToEnd(task)),
    1,
  )),
  ...(await runAll(hasTimeForMachine() ? machine.filter(isWanted) : [], 1)),
  await checkLeaks(),
];
const counts = addCounts(results);
for (const { task, failures } of results) {
  if (failures.length > 0) console.log(`\n✗ ${task.name}\n${failures.join('\n').replaceAll(/^/gm, '  ')}`);
}
console.log(`\nAll of it took ${seconds(performance.now() - begin)}.`);
console.log(formatCounts(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;

async function runAll(tasks: readonly Task[], workers: number): Promise<TaskResult[]> {
  const queue = [...tasks];
  const done: TaskResult[] = [];
  const work = async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const result = await runTask(task);
      report(result);
      done.push(result);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return done;
}

function hasTimeForMachine(): boolean {
  if (words.length > 0 || performance.now() - begin < NO_MACHINE_AFTER_MS) return true;
  for (const { name } of machine) console.log(`- ${name} is not run: too little time is left. npm test -- vm runs it`);
  return false;
}

/** Network namespaces, and the links that end with them, are taken down by the kernel in its own time. */
async function checkLeaks(): Promise<TaskResult> {
  const start = performance.now();
  let leaks = findLeaks(before, snapshotHost(workspace));
  while (leaks.length > 0 && performance.now() - start < SETTLE_MS) {
    await sleep(200);
    leaks = findLeaks(before, snapshotHost(workspace));
  }
  const task: Task = { name: 'nothing left behind', command: '', cwd: workspace, kind: 'check' };
  const failed = leaks.length > 0 ? 1 : 0;
  const result = {
    task,
    durationMs: performance.now() - start,
    log: leaks.join('\n'),
    failures: leaks,
    passed: 1 - failed,
    failed,
    skipped: 0,
  };
  report(result);
  return result;
}

function report(result: TaskResult): void {
  const { task, passed, failed, skipped, durationMs, log } = result;
  const mark = failed > 0 ? '✗' : passed === 0 && skipped > 0 ? '-' : '✓';
  const tests = task.kind === 'check' ? '' : formatCounts(result);
  console.log(`${mark} ${task.name.padEnd(36)} ${seconds(durationMs).padStart(8)}  ${tests}`.trimEnd());
  if (task.kind === 'tap') for (const line of log.match(/^ok\b.*# SKIP.*$/gm) ?? []) console.log(`  ${line}`);
  if (failed === 0) return;
  // Of a TAP stream what passed would bury what failed.
  const lines = log
    .trimEnd()
    .split('\n')
    .filter((line) => task.kind !== 'tap' || !/^ok\b/.test(line));
  if (lines.length > LOG_LINES) console.log(`  … ${lines.length - LOG_LINES} lines`);
  console.log(lines.slice(-LOG_LINES).join('\n').replaceAll(/^/gm, '  '));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
