import type { ContainerConfig } from '../container-config.ts';
import { joinedContainer } from '../isolation.ts';

/** CLONE_NEW* of include/uapi/linux/sched.h. */
export const CLONE = {
  NEWNS: 0x0002_0000n,
  NEWCGROUP: 0x0200_0000n,
  NEWUTS: 0x0400_0000n,
  NEWIPC: 0x0800_0000n,
  NEWUSER: 0x1000_0000n,
  NEWPID: 0x2000_0000n,
  NEWNET: 0x4000_0000n,
} as const;

/** A namespace that a container may have of its own, join, or leave the host's: its flag, and what the config says about it. */
function modes({ networkMode, isolation }: Pick<ContainerConfig, 'networkMode' | 'isolation'>): [bigint, string][] {
  return [
    [CLONE.NEWPID, isolation.pidMode],
    [CLONE.NEWIPC, isolation.ipcMode],
    [CLONE.NEWUTS, isolation.utsMode],
    [CLONE.NEWCGROUP, isolation.cgroupNamespaceMode],
    [CLONE.NEWNET, networkMode],
  ];
}

/** The namespaces that a container gets of its own; the UTS namespace too with the host's network, as in Docker. */
export function namespaceFlags(config: Pick<ContainerConfig, 'networkMode' | 'isolation'>): bigint {
  const own = modes(config).filter(([, mode]) => mode !== 'host' && joinedContainer(mode) === null);
  return own.reduce<bigint>((flags, [flag]) => flags | flag, CLONE.NEWNS);
}

/** Which namespaces with kernel parameters a container has of its own. */
export function ownNamespaces(config: Pick<ContainerConfig, 'networkMode' | 'isolation'>): {
  network: boolean;
  ipc: boolean;
  uts: boolean;
} {
  const flags = namespaceFlags(config);
  const has = (flag: bigint): boolean => (flags & flag) !== 0n;
  return { network: has(CLONE.NEWNET), ipc: has(CLONE.NEWIPC), uts: has(CLONE.NEWUTS) };
}

/** The namespaces of other containers that a container joins, by their ids. */
export function joinedNamespaces(config: Pick<ContainerConfig, 'networkMode' | 'isolation'>): Map<string, bigint> {
  const joins = new Map<string, bigint>();
  for (const [flag, mode] of modes(config)) {
    const id = joinedContainer(mode);
    if (id !== null) joins.set(id, (joins.get(id) ?? 0n) | flag);
  }
  return joins;
}
