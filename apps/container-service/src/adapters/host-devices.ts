import { lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { HostDevices } from '../plan/devices.ts';
import type { DevicePlan } from '../plan/plan.ts';

/** What a container has of its own, or what means something on the host only (moby's and containerd's list). */
const NOT_HANDED_ON = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

/** The devices of this host. */
export const hostDevices: HostDevices = {
  find(path) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'no such file or directory';
    if (stats.isDirectory()) {
      const real = realpathSync(path);
      const devices = devicesIn(real).map((device) => ({
        ...device,
        path: join(path, device.path.slice(real.length)),
      }));
      return devices.length > 0 ? devices : 'not a device node';
    }
    return isDevice(stats) ? [toDevice(path, stats)] : 'not a device node';
  },
  all: () => devicesIn('/dev'),
};

function devicesIn(directory: string): DevicePlan[] {
  return readdirSync(directory)
    .filter((name) => !NOT_HANDED_ON.has(name))
    .flatMap((name) => {
      const path = join(directory, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) return devicesIn(path);
      return stats !== undefined && isDevice(stats) ? [toDevice(path, stats)] : [];
    });
}

function isDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() || stats.isBlockDevice();
}

/** The numbers lie in st_rdev as glibc's makedev(3) puts them. */
function toDevice(path: string, { mode, rdev, uid, gid }: Stats): DevicePlan {
  const number = BigInt(rdev);
  const major = Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xffff_f000n));
  const minor = Number((number & 0xffn) | ((number >> 12n) & 0xffff_ff00n));
  return { path, mode, major, minor, userId: uid, groupId: gid };
}
