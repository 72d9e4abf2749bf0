// Bundles the berth command so that it starts fast: dist/cli.cjs with everything that most commands need, dist/event-source.cjs with the
// NATS client, dist/unpack-local.cjs with the tar library, and dist/cli.cache, what V8 made of cli.cjs when a command ran. bin/start.cjs puts them together.
import { build, type Plugin } from 'esbuild';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { startFakeEngine } from '../apps/cli/test/fake-services.ts';

interface StartModule {
  loadScript(bundle: string): { createCachedData(): Buffer; runInThisContext(): (...args: unknown[]) => void };
  run(script: ReturnType<StartModule['loadScript']>, bundle: string): void;
}

const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  logLevel: 'warning',
} as const;

/** What one command alone needs has a file of its own, in which a module that others need too may come a second time. */
const APART = ['events/event-source', 'copy/unpack-local'];

const apart: Plugin = {
  name: 'apart',
  setup({ onResolve }) {
    for (const name of APART.map((path) => basename(path))) {
      onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: `./${name}.cjs`, external: true } : undefined,
      );
    }
  },
};

// Made apart and put in place whole: V8 tells a stale cache by little more than the length of the source, so the two never part; and
// the command can be used meanwhile.
const out = resolve('build');
rmSync(out, { recursive: true, force: true });
await build({
  ...options,
  entryPoints: ['src/main.ts'],
  outfile: join(out, 'cli.cjs'),
  plugins: [apart],
  supported: { 'dynamic-import': false },
});
for (const path of APART) {
  await build({ ...options, entryPoints: [`src/${path}.ts`], outfile: join(out, `${basename(path)}.cjs`) });
}
await writeCodeCache(join(out, 'cli.cjs'));
rmSync('dist', { recursive: true, force: true });
renameSync(out, 'dist');

/** Runs a container on an engine of its own, then saves what V8 has compiled for that. */
async function writeCodeCache(bundle: string): Promise<void> {
  const start = createRequire(import.meta.url)(resolve('bin/start.cjs')) as StartModule;
  await using engine = await startFakeEngine({
    container: {
      async *runContainer() {
        yield { event: { $case: 'created', value: { id: '', warnings: [] } } } as const;
        yield { event: { $case: 'started', value: { pid: 0, timings: [] } } } as const;
        yield { event: { $case: 'output', value: { output: { $case: 'stdout', value: Buffer.alloc(0) } } } } as const;
        yield { event: { $case: 'exited', value: { exitCode: 0, oomKilled: false } } } as const;
      },
    },
  });
  process.env.BERTH_ROOT = engine.root;
  process.argv = [process.execPath, resolve('bin/start.cjs'), 'run', '--rm', 'busybox', 'true'];
  const script = start.loadScript(bundle);
  const exit = process.exit;
  const exitCode = await new Promise((done) => {
    process.exit = done as typeof process.exit;
    start.run(script, bundle);
  });
  process.exit = exit;
  if (exitCode !== 0) throw new Error(`the command for the code cache ended with ${String(exitCode)}`);
  writeFileSync(join(out, 'cli.cache'), script.createCachedData());
}
