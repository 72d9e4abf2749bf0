import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';

/** What of this machine the figures depend on, in a line. */
export function describeMachine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
  const expedited = readFileSync('/sys/kernel/rcu_expedited', 'utf8').trim();
  return `${model}, ${availableParallelism()} CPUs, Linux ${release()}, rcu_expedited ${expedited}`;
}
