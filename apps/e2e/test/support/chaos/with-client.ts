import { connectService } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { ContainerServiceDefinition } from '@berth/proto/container';
import type { TestEngine } from '@berth/testkit';
import type { ContainerClient } from './actions.ts';

/** A service that was told to crash does so at its own time: what meets it is done again on the next one. */
export async function withClient<T>(engine: TestEngine, use: (client: ContainerClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    using connection = connectService(ContainerServiceDefinition, engine.paths.socket('container-service'));
    try {
      return await use(connection.client);
    } catch (error) {
      if (attempt === 3 || !isBerthError(error, 'SERVICE_UNAVAILABLE')) throw error;
      await engine.start();
    }
  }
}
