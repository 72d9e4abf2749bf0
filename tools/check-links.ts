// Fails when a document links to a file that is not there, or names one in backquotes that is gone.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const workspace = join(import.meta.dirname, '..');
const documents = globSync('{*.md,{docs,deploy}/**/*.md,{apps,libs}/*/**/*.md}', {
  cwd: workspace,
  exclude: ['**/node_modules/**', '**/build/**', '**/dist/**'],
});

for (const document of documents.sort()) {
  const text = readFileSync(join(workspace, document), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '');
  const local = links.filter((target) => !/^\w+:/.test(target)).map((target) => join(dirname(document), target));
  // Paths from the root of the work tree, as they stand in prose.
  const named = [...text.matchAll(/`((?:apps|libs|tools|docs|deploy|proto)\/[\w./-]+\.\w+)`/g)].map(
    ([, path]) => path ?? '',
  );
  for (const path of new Set([...local, ...named])) {
    if (existsSync(join(workspace, path))) continue;
    console.error(`${document}: ${path} is not there`);
    process.exitCode = 1;
  }
}
