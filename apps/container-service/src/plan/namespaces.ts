import type { NetworkMode } from '../container-config.ts';

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

const ALWAYS = CLONE.NEWNS | CLONE.NEWCGROUP | CLONE.NEWIPC | CLONE.NEWPID | CLONE.NEWUTS;

/** The namespaces that a container gets of its own; the UTS namespace too with the host's network, as in Docker. */
export function namespaceFlags(networkMode: NetworkMode): bigint {
  return networkMode === 'host' ? ALWAYS : ALWAYS | CLONE.NEWNET;
}
