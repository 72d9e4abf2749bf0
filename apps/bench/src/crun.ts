import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { present, type Field } from './contestant.ts';
import { toOciSeccomp } from './oci-seccomp.ts';
import { CAPABILITIES, dockerLikeSpec } from './oci-spec.ts';
import { describeFailure } from './programs.ts';
import type { Stopwatch } from './stopwatch.ts';

const PROFILE = join(import.meta.dirname, '../../container-service/src/seccomp/default-profile.json');

/** `crun run` on a bundle of its own: no image, no overlay, no veth, no log. */
export interface Crun extends Disposable {
  readonly start: Field;
}

export async function openCrun(layer: string, stopwatch: Stopwatch): Promise<Crun> {
  const bundle = mkdtempSync('/tmp/berth-');
  const command = ['crun', 'run', '--bundle', bundle, `berth-bench-${process.pid}`];
  const remove = () => rmSync(bundle, { recursive: true, force: true });
  writeFileSync(
    join(bundle, 'config.json'),
    JSON.stringify(dockerLikeSpec(toOciSeccomp(readFileSync(PROFILE, 'utf8'), CAPABILITIES))),
  );
  try {
    await stopwatch.run(['cp', '-a', layer, join(bundle, 'rootfs')]);
    await stopwatch.run(command);
  } catch (error) {
    remove();
    const absentee = { name: 'crun run', reason: describeFailure(error) };
    return { start: { contestants: [], absentees: [absentee] }, [Symbol.dispose]: () => {} };
  }
  const contestant = stopwatch.contestant('crun run (no overlay, no veth)', command);
  return { start: present([contestant]), [Symbol.dispose]: remove };
}
