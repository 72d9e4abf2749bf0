/** MOUNT_ATTR_* of include/uapi/linux/mount.h. */
export const MOUNT_ATTR = {
  RDONLY: 0x01n,
  NOSUID: 0x02n,
  NODEV: 0x04n,
  NOEXEC: 0x08n,
  NOATIME: 0x10n,
  STRICTATIME: 0x20n,
  NODIRATIME: 0x80n,
} as const;

/** MS_SHARED and MS_SLAVE of include/uapi/linux/mount.h. */
export const MOUNT_PROPAGATION = { SHARED: 1n << 20n, SLAVE: 1n << 19n } as const;
