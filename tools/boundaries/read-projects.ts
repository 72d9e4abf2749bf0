import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import type { Project, SourceFile } from './project.ts';

const packageJson = z.object({
  name: z.string(),
  nx: z.object({ tags: z.tuple([z.enum(['foundation', 'contract', 'platform', 'app', 'test'])]) }),
});

/** Reads every project of the workspace, with what its files import. */
export function readProjects(workspace: string): Project[] {
  return globSync('{libs,apps}/*/package.json', { cwd: workspace })
    .sort()
    .map((file) => {
      const dir = dirname(file);
      const { name, nx } = packageJson.parse(JSON.parse(readFileSync(join(workspace, file), 'utf8')));
      return { name, dir, layer: nx.tags[0], files: readSources(join(workspace, dir)) };
    });
}

function readSources(dir: string): SourceFile[] {
  const paths = globSync('{src,test}/**/*.ts', { cwd: dir, exclude: ['src/gen/**'] }).sort();
  return paths.map((path) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(dir, path), 'utf8'));
    return { path, imports: importedFiles.map(({ fileName }) => fileName) };
  });
}
