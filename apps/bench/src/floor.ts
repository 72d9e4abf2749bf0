import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { engineNames } from '@berth/client';
import type { Contestant } from './contestant.ts';
import { openLineProgram } from './line-program.ts';
import type { Stopwatch } from './stopwatch.ts';

const PROGRAM = join(import.meta.dirname, '../native/build/floor');
const FILTER = join(import.meta.dirname, '../../container-service/dist/seccomp-default.bpf');
const run = promisify(execFile);

/** The floor program on a bridge, a cgroup and a directory of its own. */
export interface Floor extends AsyncDisposable {
  readonly contestants: readonly Contestant[];
}

export async function openFloor(layers: readonly string[], stopwatch: Stopwatch): Promise<Floor> {
  const name = `fl-${process.pid}`;
  const scratch = mkdtempSync('/tmp/berth-');
  const cgroup = join(dirname(engineNames(null).cgroupDir), `berth-${name}`);
  const places = ['--scratch', scratch, '--cgroup', cgroup, '--bridge', name, '--seccomp', FILTER];
  const options = [...layers.flatMap((layer) => ['--layer', layer]), ...places, '--', '/bin/true'];
  mkdirSync(cgroup);
  await run(PROGRAM, ['network', name, name]);
  const resident = openLineProgram(PROGRAM, ['serve', ...options], {});
  return {
    contestants: [
      stopwatch.contestant('floor: whole program', [PROGRAM, 'run', ...options]),
      { name: 'floor: inside one process, to exit', measure: () => timeResident(resident) },
    ],
    async [Symbol.asyncDispose]() {
      resident[Symbol.dispose]();
      await run(PROGRAM, ['remove', name, name]);
      rmSync(scratch, { recursive: true, force: true });
      rmdirSync(cgroup);
    },
  };
}

/** The program answers with nanoseconds: until exec, until exit, until cleaned up. */
async function timeResident(resident: { ask(line: string): Promise<string> }): Promise<number> {
  const [, exited] = (await resident.ask('')).split(' ');
  return Number(exited) / 1e6;
}
