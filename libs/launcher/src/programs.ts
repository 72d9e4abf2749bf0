import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '@berth/client';

const workspace = join(import.meta.dirname, '../../..');

/** Node 24 of the workspace, or the one that runs this. */
export function nodeProgram(): string {
  const bundled = join(workspace, `node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(bundled) ? bundled : process.execPath;
}

/** A service's bundle, or its source where nothing was bundled. */
export function serviceProgram(service: ServiceName): string {
  const bundle = join(workspace, 'apps', service, 'dist/main.js');
  return existsSync(bundle) ? bundle : join(workspace, 'apps', service, 'src/main.ts');
}

/** The native helper. */
export function nativeProgram(env: NodeJS.ProcessEnv): string {
  return env.BERTH_NS_BIN ?? join(workspace, 'libs/namespaces/native/build/berth-ns');
}
