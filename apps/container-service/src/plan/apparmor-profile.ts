import { BERTH_PROFILE } from './apparmor.ts';

/**
 * What keeps containers off the host where mounts, capabilities and the device program have let something through: no mounts, and nothing written
 * to what of /proc and /sys is not theirs. The rules are those that Docker documents of its profile, so that what runs there runs here. Patterns are
 * matched against whole paths: `[^k]**` is whatever does not begin with k. It includes no file of the host's, and so is the same on all.
 */
export const BERTH_PROFILE_TEXT = `
profile ${BERTH_PROFILE} flags=(attach_disconnected, mediate_deleted) {
  network,
  capability,
  file,
  umount,

  # Keepers and whoever else is the host's; and the container's own processes.
  signal (receive) peer=unconfined,
  signal (send, receive) peer=${BERTH_PROFILE},
  ptrace (trace, read, tracedby, readby) peer=${BERTH_PROFILE},

  deny mount,

  # Of /proc what is below a process is the container's, and of /proc/sys what is of shared memory.
  deny /proc/* w,
  deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9/]*}/** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,

  # Of /sys the control groups, where they can be written to.
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
`;
