import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentName } from '@berth/launcher';
import type { TestEngine } from './test-engine.ts';
import { waitFor } from './wait-for.ts';

/** Kills a process of an engine with SIGKILL, and waits until it is gone: from then on `engine.start()` starts it again. */
export async function killComponent(engine: TestEngine, name: ComponentName): Promise<void> {
  const record = readFileSync(join(engine.paths.runDir, 'pids', `${name}.json`), 'utf8');
  const { pid } = JSON.parse(record) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await waitFor(() => !isAlive(pid), { what: `the end of ${name}` });
}

/** A zombie, which nobody has waited for yet, is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
