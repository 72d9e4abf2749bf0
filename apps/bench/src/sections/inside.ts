import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { runRounds } from '../round-robin.ts';
import type { AmountTable, Section, TimeTable } from '../section.ts';
import { medianWithConfidence } from '../statistics.ts';
import { WORK_BIND, WORK_IN_CONTAINER, WORK_ON_HOST } from '../work.ts';

const WORKS = ['cpu', 'memory', 'disk'] as const;
/** Short works, many times: what disturbs the machine then disturbs a few pairs, and not the middle of them. */
const ROUNDS_PER_RUN = 10;
const execute = promisify(execFile);

/** Processor, memory and disk as a container sees them, beside the host, which writes beside the writable layer: not every place of a disk is as fast. */
export const measureInside: Section = async ({ api }, { runs, warmups, signal }) => {
  const { id } = await api.start(['sleep', '86400'], { bind: WORK_BIND });
  const cwd = dirname(await api.upperDirOf(id));
  const onHost = async (work: string) => Number((await execute(WORK_ON_HOST, [work], { cwd })).stdout) / 1e6;
  const inside = async (work: string) => Number(await api.exec(id, [WORK_IN_CONTAINER, work])) / 1e6;
  const options = { runs: runs * ROUNDS_PER_RUN, warmups, settleMs: 0, signal };
  try {
    const tables: TimeTable[] = [];
    for (const work of WORKS) {
      const contestants = [
        { name: 'on the host', measure: () => onHost(work) },
        { name: 'in a container', measure: () => inside(work) },
      ];
      tables.push({ title: `${work} work`, samples: await runRounds(contestants, options) });
    }
    return { tables: [...tables, compare(tables)], absentees: [] };
  } finally {
    await api.remove(id);
  }
};

/** How much longer the works take in a container: of the rounds, each of which did both, the middle one. */
function compare(pairs: readonly TimeTable[]): AmountTable {
  const amounts = pairs.map(({ title, samples: [host, container] }) => {
    const differences = (container?.milliseconds ?? []).map(
      (ms, round) => (ms / (host?.milliseconds[round] ?? NaN) - 1) * 100,
    );
    const { middle, low, high } = medianWithConfidence(differences);
    return { name: title, amount: `${percent(middle)} (${percent(low)} to ${percent(high)})` };
  });
  return { title: 'longer in a container (with a confidence of 95 %)', amounts };
}

function percent(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)} %`;
}
