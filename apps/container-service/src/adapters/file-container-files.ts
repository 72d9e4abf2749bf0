import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openSpareDirectory } from '@berth/service-kit';
import type { ContainerFiles, ContainerPaths } from '../ports/files.ts';

const LOG = 'container.log';

/**
 * Keeps what stays in `<stateDir>/containers/<id>/`, and what one run has, its name files too, in `<runDir>/containers/<id>/`, which is
 * in memory: new files on the disk cost a start more than all else that it writes.
 */
export function openContainerFiles(stateDir: string, runDir: string): ContainerFiles {
  const keptDir = join(stateDir, 'containers');
  const runtimeDir = join(runDir, 'containers');
  mkdirSync(keptDir, { recursive: true, mode: 0o711 });
  mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  const kept = openSpareDirectory(join(stateDir, 'spare'), (path) => {
    mkdirSync(path, { mode: 0o710 });
    writeFileSync(join(path, LOG), '', { mode: 0o640 });
  });
  const stateDirOf = (id: string): string => join(runtimeDir, id);
  const execDir = (id: string, execId: string): string => join(runtimeDir, id, 'x', execId);

  function paths(id: string): ContainerPaths {
    const stays = join(keptDir, id);
    const stateDir = stateDirOf(id);
    // A container that an earlier version made has its name files among what stays; while it runs, they are its mounts.
    const dir = existsSync(`${stays}/hosts`) ? stays : stateDir;
    return {
      resolvConf: `${dir}/resolv.conf`,
      hostname: `${dir}/hostname`,
      hosts: `${dir}/hosts`,
      log: `${stays}/${LOG}`,
      stateDir,
    };
  }

  return {
    paths,
    prepare(id, files) {
      const { resolvConf, hostname, hosts, stateDir: dir } = paths(id);
      if (!existsSync(join(keptDir, id))) kept.create(join(keptDir, id));
      makeEmptyDirectory(dir);
      writeFileSync(resolvConf, files.resolvConf, { mode: 0o644 });
      writeFileSync(hostname, files.hostname, { mode: 0o644 });
      writeFileSync(hosts, files.hosts, { mode: 0o644 });
    },
    readNames(id) {
      const { hosts } = paths(id);
      return { hosts: existsSync(hosts) ? readFileSync(hosts, 'utf8') : '' };
    },
    rewriteNames(id, files) {
      const { resolvConf, hosts } = paths(id);
      writeFileSync(resolvConf, files.resolvConf);
      writeFileSync(hosts, files.hosts);
    },
    prepareExec(id, execId) {
      const dir = execDir(id, execId);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      return dir;
    },
    execDir,
    removeExec: (id, execId) => removeNow(execDir(id, execId)),
    hasRuntime: (id) => existsSync(stateDirOf(id)),
    removeRuntime: (id) => removeNow(stateDirOf(id)),
    async remove(id) {
      await removeNow(stateDirOf(id));
      await remove(join(keptDir, id));
    },
    list: () => [...new Set([...readdirSync(keptDir), ...readdirSync(runtimeDir)])],
  };
}

function makeEmptyDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { mode: 0o700 });
  }
}

/** What a run has is a few files in memory: a trip to another thread for each takes longer. */
async function removeNow(path: string): Promise<void> {
  rmSync(path, { recursive: true, force: true });
}

/** Beside the work that goes on: where the disk is busy a removal takes tens of milliseconds. */
function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
