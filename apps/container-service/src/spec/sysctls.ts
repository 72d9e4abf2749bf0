import { BerthError } from '@berth/errors';
import type { FileValue } from '../plan/plan.ts';

/** Which namespaces are the container's own. */
export interface OwnNamespaces {
  readonly network: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
}

const IPC = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/**
 * Kernel parameters as paths below /proc/sys. Only those that belong to a namespace of the container's own: all others are the host's.
 * Throws INVALID_ARGUMENT, in runc's words.
 */
export function resolveSysctls(sysctls: Readonly<Record<string, string>>, own: OwnNamespaces): FileValue[] {
  return Object.entries(sysctls).map(([name, value]) => {
    checkSysctl(name, own);
    if (value.includes('\0')) throw invalid(`sysctl "${name}" has a zero byte in its value`);
    return { path: name.replaceAll('.', '/'), value };
  });
}

function checkSysctl(name: string, own: OwnNamespaces): void {
  if (!/^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)+$/.test(name)) throw invalid(`sysctl "${name}" is not allowed`);
  if (IPC.has(name) || name.startsWith('fs.mqueue.')) {
    if (!own.ipc) throw invalid(`sysctl "${name}" is not allowed in the hosts ipc namespace`);
  } else if (name.startsWith('net.')) {
    if (!own.network) throw invalid(`sysctl "${name}" not allowed in host network namespace`);
  } else if (name === 'kernel.hostname') {
    throw invalid('sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field');
  } else if (name !== 'kernel.domainname' || !own.uts) {
    throw invalid(`sysctl "${name}" is not in a separate kernel namespace`);
  }
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
