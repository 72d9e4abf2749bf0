import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runRounds } from '../round-robin.ts';
import type { Section } from '../section.ts';
import { WORK_BIND, WORK_IN_CONTAINER, WORK_ON_HOST } from '../work.ts';

const WORKS = ['cpu', 'memory', 'disk'] as const;
const execute = promisify(execFile);

/** Processor, memory and disk as a container sees them, beside the host; the disk is the writable layer's and the engine's own. */
export const measureInside: Section = async ({ api, engine }, options) => {
  const { id } = await api.start(['sleep', '86400'], { bind: WORK_BIND });
  const onHost = async (work: string) =>
    Number((await execute(WORK_ON_HOST, [work], { cwd: engine.paths.stateDir })).stdout) / 1e6;
  const inside = async (work: string) => Number(await api.exec(id, [WORK_IN_CONTAINER, work])) / 1e6;
  try {
    const tables = [];
    for (const work of WORKS) {
      const contestants = [
        { name: 'on the host', measure: () => onHost(work) },
        { name: 'in a container', measure: () => inside(work) },
      ];
      tables.push({ title: `${work} work`, samples: await runRounds(contestants, options) });
    }
    return { tables, absentees: [] };
  } finally {
    await api.remove(id);
  }
};
