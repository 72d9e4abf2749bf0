import { createHash } from 'node:crypto';

/** What a container's place on a network is called: 64 hexadecimal digits, the same each time. */
export function endpointId(containerId: string, networkId: string): string {
  return createHash('sha256').update(containerId).update(networkId).digest('hex');
}
