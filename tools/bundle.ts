// Bundles the app in the current folder: src/main.ts becomes dist/main.js, one file that starts fast; a thread's src/**/x-worker.ts becomes
// dist/x-worker.js.
import { build } from 'esbuild';
import { globSync } from 'node:fs';

await build({
  entryPoints: ['src/main.ts', ...globSync('src/**/*-worker.ts')],
  entryNames: '[name]',
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  minifySyntax: true,
  logLevel: 'warning',
  // grpc-js and its dependencies are CommonJS and call require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
