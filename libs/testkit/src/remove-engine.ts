import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineNames, legacyCgroupDirs, SERVICE_NAMES, type EnginePaths } from '@berth/client';
import { startEngine, stopEngine } from '@berth/launcher';
import { connectSpawner } from '@berth/namespaces';
import { findEngineProcesses } from './engine-processes.ts';
import { listDirectory } from './list-directory.ts';
import { waitFor } from './wait-for.ts';

export interface RemovableEngine {
  readonly root: string;
  readonly paths: EnginePaths;
  readonly env: NodeJS.ProcessEnv;
}

/** Ends every container and process of a test's engine, and removes its network and control groups, whatever state it is in. */
export async function removeEngine({ root, paths, env }: RemovableEngine): Promise<void> {
  const { bridge, table, cgroupDir } = engineNames(root);
  await stopEngine({ paths, env, only: SERVICE_NAMES });
  for (const name of ['containers', 'apart']) await killContainers(join(cgroupDir, name));
  if (existsSync(paths.runDir)) {
    await startEngine({ paths, env, only: ['native'] });
    const legacyDirs = legacyCgroupDirs(cgroupDir);
    await connectSpawner(paths.nativeSocket).removeNetwork({ bridge, table, unifiedDir: cgroupDir, legacyDirs });
  }
  await stopEngine({ paths, env });
  for (const { pid } of findEngineProcesses(root)) kill(pid);
  await waitFor(() => findEngineProcesses(root).length === 0, { what: `the end of the processes of ${root}` });
}

/** Kills what runs in the control groups of containers. Their keepers then remove them, unless they were killed before. */
async function killContainers(dir: string): Promise<void> {
  const groups = () => listDirectory(dir).filter((entry) => entry.isDirectory());
  for (const { name } of groups()) writeIfThere(join(dir, name, 'cgroup.kill'), '1');
  await waitFor(() => groups().length === 0, { what: 'the keepers', timeoutMs: 3000 }).catch(() => undefined);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

function writeIfThere(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // The control group was removed meanwhile.
  }
}
