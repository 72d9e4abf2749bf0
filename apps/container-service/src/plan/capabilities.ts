import { BerthError } from '@berth/errors';
import type { IsolationConfig } from '../isolation.ts';

/** The names of include/uapi/linux/capability.h; the place in the list is the number. */
const NAMES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER'],
  ...['SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE'],
  ...['SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP'],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
];

const BITS: ReadonlyMap<string, bigint> = new Map(NAMES.map((name, number) => [`CAP_${name}`, 1n << BigInt(number)]));

/** Every capability. */
export const ALL_CAPABILITIES: bigint = (1n << BigInt(NAMES.length)) - 1n;

/** The capabilities that Docker gives unless told otherwise, bit n for capability n. */
export const DEFAULT_CAPABILITIES: bigint = maskOf([
  ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'],
  ...['CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE'],
  'CAP_SETFCAP',
]);

/** `net_admin` as `CAP_NET_ADMIN`; `ALL` stays. Throws INVALID_ARGUMENT for what is none. */
export function parseCapability(text: string): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (BITS.has(name)) return name;
  throw new BerthError('INVALID_ARGUMENT', `unknown capability: ${JSON.stringify(name)}`);
}

/** What a container's processes may have: moby's caps.TweakCapabilities. */
export function capabilitiesOf(isolation: IsolationConfig): bigint {
  const { privileged, capabilitiesAdd: add, capabilitiesDrop: drop } = isolation;
  if (privileged) return ALL_CAPABILITIES;
  if (add.includes('ALL')) return ALL_CAPABILITIES & ~maskOf(drop);
  if (drop.includes('ALL')) return maskOf(add);
  return (DEFAULT_CAPABILITIES & ~maskOf(drop)) | maskOf(add);
}

/** Whether a mask has `CAP_NET_ADMIN`, say; never, when there is no capability of that name. */
export function holdsCapability(mask: bigint, name: string): boolean {
  return (mask & (BITS.get(name) ?? 0n)) !== 0n;
}

/** The mask of capabilities by name; names of none are passed over. */
export function maskOf(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | (BITS.get(name) ?? 0n), 0n);
}
