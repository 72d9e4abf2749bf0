import { posix } from 'node:path';
import type { Resources } from '../resources.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import { limitValues, type BlockNumbers } from './cgroup-values.ts';
import type { PlannedDevices } from './devices.ts';
import type { CgroupDirectoryPlan, CgroupPlan, FileValue } from './plan.ts';

/** The control groups of an engine. */
export interface CgroupSettings {
  readonly layout: () => CgroupLayout;
  /** Absolute directory of the engine in the cgroup2 tree; its last name is that of its directories in cgroup v1 too. */
  readonly engineDir: string;
}

/** Where a container lies in the cgroup2 tree; `defaultDevices`: with no device rules of its own. */
export function unifiedDir(
  containerId: string,
  cgroupParent: string,
  ...[{ layout, engineDir }, defaultDevices]: [CgroupSettings, boolean]
): string {
  if (cgroupParent !== '') return posix.join(layout().unifiedMount, cgroupParent, containerId);
  return posix.join(engineDir, defaultDevices ? 'containers' : 'apart', containerId);
}

/** Where a container lies in the cgroup v1 hierarchies that its limits need. */
export function legacyDirs(containerId: string, resources: Resources, settings: CgroupSettings): string[] {
  return planCgroups(containerId, resources, settings, 'default', () => '').legacy.map(({ dir }) => dir);
}

/**
 * The control groups of a container. In the engine's `containers` the default device rules hold; a container with others lies `apart`,
 * and brings its own rules unless it may use all devices.
 */
export function planCgroups(
  containerId: string,
  resources: Resources,
  ...[settings, devices, blockNumbers]: [CgroupSettings, PlannedDevices['access'], BlockNumbers]
): CgroupPlan {
  const { engineDir } = settings;
  const layout = settings.layout();
  const values: FileValue[] = [];
  const legacy: CgroupDirectoryPlan[] = [];
  const parent = resources.cgroupParent === '' ? null : posix.join('/', resources.cgroupParent);
  for (const [controller, { v1, v2 }] of limitValues(resources, layout, blockNumbers)) {
    const mount = layout.legacy[controller];
    if (layout.unified.includes(controller)) values.push(...v2);
    else if (mount !== undefined && v1.length > 0) {
      legacy.push({ dir: posix.join(mount, parent ?? posix.basename(engineDir), containerId), values: v1 });
    }
  }
  const standard = parent === null && devices === 'default';
  return {
    unifiedDir: unifiedDir(containerId, resources.cgroupParent, settings, devices === 'default'),
    values,
    legacy,
    deviceProgram: !standard && devices !== 'all',
    deviceRules: devices === 'default' || devices === 'all' ? [] : devices,
    noted: !standard || legacy.length > 0,
  };
}
