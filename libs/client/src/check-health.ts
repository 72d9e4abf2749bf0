import { HealthDefinition } from 'nice-grpc-server-health';
import { connectService } from './connect-service.ts';

/** Tells whether a service answers its gRPC health check (grpc.health.v1) with SERVING within the time. */
export async function checkHealth(socketPath: string, timeoutMs = 2000): Promise<boolean> {
  using connection = connectService(HealthDefinition, socketPath);
  try {
    const { status } = await connection.client.check({ service: '' }, { signal: AbortSignal.timeout(timeoutMs) });
    return String(status) === 'SERVING' || Number(status) === 1;
  } catch {
    return false;
  }
}
