import { connectService, resolvePaths, type EnginePaths } from '@berth/client';
import { ContainerServiceDefinition } from '@berth/proto/container';
import { startTestEngine } from '@berth/testkit';

/** The engine that is measured. */
export interface BenchEngine extends AsyncDisposable {
  readonly paths: EnginePaths;
  /** The environment that names it. */
  readonly env: NodeJS.ProcessEnv;
}

/** The engine of BERTH_ROOT, which must be up; without it one that lives as long as the benchmark. */
export async function openEngine(env: NodeJS.ProcessEnv): Promise<BenchEngine> {
  if (!env.BERTH_ROOT) return startTestEngine({ runInMemory: true });
  return { paths: resolvePaths(env), env, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The layers of the image that everyone runs, uppermost first, as the engine has them unpacked. */
export async function findLayers(paths: EnginePaths, image: string): Promise<readonly string[]> {
  using connection = connectService(ContainerServiceDefinition, paths.socket('container-service'));
  const { id } = await connection.client.createContainer({ config: { image, command: ['true'] } });
  const { container } = await connection.client.getContainer({ container: id });
  await connection.client.deleteContainer({ container: id });
  return container?.rootDirectories?.lower ?? [];
}
