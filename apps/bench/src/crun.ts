import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { present, type Field } from './contestant.ts';
import { toOciSeccomp } from './oci-seccomp.ts';
import { CAPABILITIES, dockerLikeSpec } from './oci-spec.ts';
import { describeFailure } from './programs.ts';
import type { Stopwatch } from './stopwatch.ts';

const PROFILE = join(import.meta.dirname, '../../container-service/src/seccomp/default-profile.json');
const ID = `berth-bench-${process.pid}`;

/** What crun takes part with; its bundle, and a container that runs, go when this is disposed of. */
export interface Crun extends AsyncDisposable {
  readonly field: Field;
}

/** `crun run` on a bundle of its own: no image, no overlay, no veth, no log. */
export function openCrunRun(layer: string, stopwatch: Stopwatch): Promise<Crun> {
  return openCrun('crun run', ['true'], { layer, stopwatch }, async (bundle) => {
    const command = ['crun', 'run', '--bundle', bundle, ID];
    await stopwatch.run(command);
    return ['crun run (no overlay, no veth)', command];
  });
}

/** `crun exec` in a container of such a bundle. */
export function openCrunExec(layer: string, stopwatch: Stopwatch): Promise<Crun> {
  return openCrun('crun exec', ['sleep', '86400'], { layer, stopwatch }, async (bundle) => {
    const start = 'exec crun run --detach --bundle "$1" "$2" </dev/null >/dev/null 2>&1';
    await stopwatch.run(['sh', '-c', start, 'sh', bundle, ID]);
    return ['crun exec', ['crun', 'exec', ID, 'true']];
  });
}

async function openCrun(
  what: string,
  args: readonly string[],
  { layer, stopwatch }: { readonly layer: string; readonly stopwatch: Stopwatch },
  prepare: (bundle: string) => Promise<[name: string, command: readonly string[]]>,
): Promise<Crun> {
  const bundle = mkdtempSync('/tmp/berth-');
  const close = async () => {
    // A container that has ended is gone already.
    await stopwatch.run(['crun', 'delete', '--force', ID]).catch(() => {});
    rmSync(bundle, { recursive: true, force: true });
  };
  const spec = dockerLikeSpec(toOciSeccomp(readFileSync(PROFILE, 'utf8'), CAPABILITIES), args);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  try {
    await stopwatch.run(['cp', '-a', layer, join(bundle, 'rootfs')]);
    const [name, command] = await prepare(bundle);
    return { field: present([stopwatch.contestant(name, command)]), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    const absentee = { name: what, reason: describeFailure(error) };
    return { field: { contestants: [], absentees: [absentee] }, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}
