import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { engineNames } from '@berth/client';
import { startEngine } from '@berth/launcher';
import { findEngineProcesses, killComponent, type TestEngine } from '@berth/testkit';

/**
 * Ends what a restart of the host ends of an engine's containers: service, keepers and processes at once, and what they had in memory. Then
 * the boot is another one than that in which they were started. Only control groups stay, which a host would have lost as well.
 */
export async function rebootHost(engine: TestEngine): Promise<void> {
  const { paths, root, env } = engine;
  await killComponent(engine, 'container-service');
  await killComponent(engine, 'native');
  const keepers = findEngineProcesses(root).filter(({ commandLine }) => commandLine.includes('berth-ns'));
  for (const { pid } of keepers) process.kill(pid, 'SIGKILL');
  const groups = join(engineNames(root).cgroupDir, 'containers');
  for (const id of readdirSync(groups, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    writeFileSync(join(groups, id.name, 'cgroup.kill'), '1');
  }
  const runtimes = join(paths.runDir, 'containers');
  for (const id of readdirSync(runtimes)) rmSync(join(runtimes, id), { recursive: true });
  const database = new DatabaseSync(join(paths.serviceDir('container-service'), 'state.db'));
  database.exec(
    `UPDATE containers SET state = json_set(state, '$.bootId', 'earlier') WHERE state ->> '$.bootId' <> ''`,
  );
  database.close();
  await startEngine({ paths, env, only: ['native'] });
}
