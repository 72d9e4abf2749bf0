import type { Container } from '../container.ts';
import { USER_IDS_PER_CONTAINER } from '../user-namespace/id-ranges.ts';
import type { UserNamespacePlan } from './plan.ts';

/** A container's user namespace; null when it has the host's. */
export function planUserNamespace({ firstUserId, rootfs }: Container): UserNamespacePlan | null {
  if (firstUserId === null) return null;
  const storageDir = commonDirectory([rootfs.layersDir, rootfs.upperDir, rootfs.workDir]);
  return { firstId: firstUserId, count: USER_IDS_PER_CONTAINER, storageDir };
}

/** The lowest directory that holds all of some absolute paths. */
function commonDirectory(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const differs = first.findIndex((name, index) => others.some((other) => other[index] !== name));
  return (differs < 0 ? first : first.slice(0, differs)).join('/') || '/';
}
