import { writeFileSync } from 'node:fs';
import { bench, EXEC_FLOOR, FLOOR, type Figures } from './bench.ts';
import { openEngine } from './engine.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { formatAbsentees, formatMemory, formatSamples } from './report.ts';

const SETTLE_MS = 100;

async function main(options: BenchOptions): Promise<void> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(new Error(name)));
  const machine = describeMachine();
  console.log(`${machine}\n${options.runs} rounds after ${options.warmups} to warm up\n`);
  await using engine = await openEngine(process.env);
  const figures = await bench(engine, { ...options, settleMs: SETTLE_MS, signal: interrupted.signal });
  print(figures);
  if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, ...options, ...figures }));
}

function print({ start, exec, memory, absentees }: Figures): void {
  const sections = [
    formatSamples('start and exit of true', start, FLOOR),
    formatSamples('true in a container that runs', exec, EXEC_FLOOR),
    formatMemory('memory, proportional set size', memory),
    formatAbsentees(absentees),
  ];
  console.log(sections.filter((section) => section !== '').join('\n\n'));
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return null;
  }
}

const options = readOptions();
if (options === null) process.exitCode = 2;
else await main(options);
