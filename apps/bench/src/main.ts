import { writeFileSync } from 'node:fs';
import { bench } from './bench.ts';
import { openEngine } from './engine.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { formatFindings } from './report.ts';
import type { Findings } from './section.ts';
import { SECTIONS } from './sections.ts';

const SETTLE_MS = 100;

async function main(options: BenchOptions): Promise<void> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(new Error(name)));
  const machine = describeMachine();
  console.log(`${machine}\n${options.runs} rounds after ${options.warmups} to warm up`);
  await using engine = await openEngine(process.env);
  const sections = Object.entries(SECTIONS).filter(([name]) => options.sections.includes(name));
  const found: Findings[] = [];
  const rounds = { ...options, settleMs: SETTLE_MS, signal: interrupted.signal };
  for await (const findings of bench(
    engine,
    sections.map(([, section]) => section),
    rounds,
  )) {
    console.log(`\n${formatFindings(findings)}`);
    found.push(findings);
  }
  if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, ...options, found }));
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2), Object.keys(SECTIONS));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return null;
  }
}

const options = readOptions();
if (options === null) process.exitCode = 2;
else await main(options);
