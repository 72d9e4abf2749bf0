/** Numbers of include/uapi/linux/capability.h. */
const CAPABILITY = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  SETFCAP: 31,
} as const;

/** The capabilities that Docker gives unless told otherwise, bit n for capability n. */
export const DEFAULT_CAPABILITIES: bigint = Object.values(CAPABILITY).reduce(
  (mask, bit) => mask | (1n << BigInt(bit)),
  0n,
);
