// Bundles the app in the current folder: src/main.ts becomes dist/main.js, one file that starts fast; that of another process of its, src/**/x-main.ts,
// becomes dist/x-main.js.
import { build } from 'esbuild';
import { globSync } from 'node:fs';

await build({
  entryPoints: ['src/main.ts', ...globSync('src/**/*-main.ts')],
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
