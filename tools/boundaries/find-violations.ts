import { posix } from 'node:path';
import { MAY_USE, type Project, type SourceFile } from './project.ts';

/** Finds every import that goes against the architecture: one line each, with the rule. */
export function findViolations(projects: readonly Project[]): string[] {
  const byName = new Map(projects.map((project) => [project.name, project]));
  const violations = projects.flatMap((project) =>
    project.files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const rule = specifier.startsWith('.')
          ? checkRelative(project, file, specifier)
          : checkPackage(project, file, { specifier, target: byName.get(packageName(specifier)) });
        return rule === null ? [] : [`${project.dir}/${file.path} imports ${specifier}: ${rule}`];
      }),
    ),
  );
  return [...violations, ...findCycles(byName)];
}

/** Inside a service: `main → grpc → use case → ports → adapters`. */
function checkRelative(project: Project, file: SourceFile, specifier: string): string | null {
  const target = posix.join(posix.dirname(file.path), specifier);
  if (target.startsWith('..')) return 'a relative import does not leave its project';
  if (project.layer !== 'app' || isTest(file)) return null;
  const from = folderOf(file.path);
  const to = folderOf(target);
  if (file.path === 'src/main.ts' || from === to) return null;
  if (to === 'adapters') return 'only main.ts imports adapters';
  if (to === 'grpc' && isService(project)) return 'only main.ts imports grpc handlers';
  return null;
}

function checkPackage(
  project: Project,
  file: SourceFile,
  { specifier, target }: { specifier: string; target: Project | undefined },
): string | null {
  if (target === undefined) return specifier.startsWith('@berth/') ? 'there is no such project' : null;
  if (target === project) return 'a project imports its own files by path';
  const allowed = isTest(file) ? MAY_USE.test : MAY_USE[project.layer];
  if (!allowed.includes(target.layer)) return `${project.layer} may not use ${target.layer}`;
  const isWire = target.layer === 'contract';
  const mayUseWire = isTest(file) || file.path === 'src/main.ts' || ['grpc', 'adapters'].includes(folderOf(file.path));
  if (isWire && isService(project) && !mayUseWire) return 'generated types stay in grpc/ and adapters/';
  return null;
}

function findCycles(byName: ReadonlyMap<string, Project>): string[] {
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) cycles.push(`cycle: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`);
    if (path.includes(name) || finished.has(name)) return;
    const project = byName.get(name);
    const imports = project?.files.filter((file) => !isTest(file)).flatMap((file) => file.imports) ?? [];
    for (const next of new Set(imports.map(packageName))) if (byName.has(next)) visit(next, [...path, name]);
    finished.add(name);
  };
  for (const name of byName.keys()) visit(name, []);
  return cycles;
}

/** A service is an app that others call. */
function isService({ layer, files }: Project): boolean {
  return layer === 'app' && files.some(({ path }) => /^src\/ports(\.ts$|\/)/.test(path));
}

function isTest({ path }: SourceFile): boolean {
  return path.startsWith('test/') || /\.(test|contract)\.ts$/.test(path);
}

/** `src/grpc/convert.ts` → `grpc`; '' for what lies in src itself. */
function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? '';
}

/** `@berth/proto/image` → `@berth/proto`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
