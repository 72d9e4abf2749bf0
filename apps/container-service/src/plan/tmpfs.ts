import { BerthError } from '@berth/errors';
import type { MountPlan } from './plan.ts';
import { MOUNT_ATTR } from './mount-attributes.ts';

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, NODIRATIME } = MOUNT_ATTR;

/** Options that set a flag of the mount, or take it away. */
const FLAGS: ReadonlyMap<string, { set?: bigint; clear?: bigint }> = new Map([
  ['ro', { set: RDONLY }],
  ['rw', { clear: RDONLY }],
  ['nosuid', { set: NOSUID }],
  ['suid', { clear: NOSUID }],
  ['nodev', { set: NODEV }],
  ['dev', { clear: NODEV }],
  ['noexec', { set: NOEXEC }],
  ['exec', { clear: NOEXEC }],
  ['noatime', { set: NOATIME, clear: STRICTATIME }],
  ['strictatime', { set: STRICTATIME, clear: NOATIME }],
  ['relatime', { clear: NOATIME | STRICTATIME }],
  ['atime', { clear: NOATIME }],
  ['nodiratime', { set: NODIRATIME }],
  ['diratime', { clear: NODIRATIME }],
  ['defaults', {}],
]);

/** Options of tmpfs(5) itself. */
const VALUES: Readonly<Record<string, RegExp>> = {
  size: /^[0-9]+[kmgKMG%]?$/,
  mode: /^[0-7]{1,5}$/,
  uid: /^[0-9]{1,10}$/,
  gid: /^[0-9]{1,10}$/,
  nr_inodes: /^[0-9]+[kmgKMG]?$/,
  nr_blocks: /^[0-9]+[kmgKMG]?$/,
};

/** A tmpfs that a user asked for: Docker's flags, then the user's, of which the last counts. Throws INVALID_ARGUMENT. */
export function planTmpfs(target: string, options: string): MountPlan {
  let attributes = NOSUID | NODEV | NOEXEC;
  const values = new Map<string, string>();
  for (const option of options.split(',').filter((text) => text !== '')) {
    const flag = FLAGS.get(option);
    const [key = '', value = ''] = option.split('=', 2);
    if (flag !== undefined) attributes = (attributes & ~(flag.clear ?? 0n)) | (flag.set ?? 0n);
    else if (Object.hasOwn(VALUES, key) && VALUES[key]?.test(value) === true) values.set(key, option);
    else throw new BerthError('INVALID_ARGUMENT', `invalid tmpfs option ${JSON.stringify(option)}`);
  }
  return { target, source: { kind: 'filesystem', type: 'tmpfs', options: [...values.values()] }, attributes };
}
