import { BerthError } from '@berth/errors';
import type { ContainerConfig } from '../container-config.ts';

/** Checks what a container asks of devices, in Docker's words. Throws INVALID_ARGUMENT and DEVICE_UNAVAILABLE. */
export function checkDevices({ devices, deviceCgroupRules, deviceRequests, oomScoreAdj }: ContainerConfig): void {
  for (const { hostPath, containerPath, permissions } of devices) {
    for (const path of [hostPath, containerPath]) {
      if (!/^\/[^\0]+$/.test(path) || path.split('/').includes('..')) {
        throw invalid(`"${path}" is not an absolute path`);
      }
    }
    if (!/^[rwm]{1,3}$/.test(permissions)) throw invalid(`invalid device mode: ${permissions}`);
  }
  for (const rule of deviceCgroupRules) {
    if (!/^[acb] ([0-9]{1,9}|\*):([0-9]{1,9}|\*) [rwm]{1,3}$/.test(rule)) {
      throw invalid(`invalid device cgroup rule format: '${rule}'`);
    }
  }
  const [request] = deviceRequests;
  if (request !== undefined) {
    const capabilities = request.capabilities.join(' ');
    throw new BerthError(
      'DEVICE_UNAVAILABLE',
      `could not select device driver "${request.driver}" with capabilities: [[${capabilities}]]`,
    );
  }
  if (oomScoreAdj < -1000 || oomScoreAdj > 1000) {
    throw invalid(`Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
