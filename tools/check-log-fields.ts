// Fails when a log call has a field that docs/glossary.md does not explain.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const workspace = join(import.meta.dirname, '..');
const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

const glossary = readFileSync(join(workspace, 'docs/glossary.md'), 'utf8');
const rows = glossary.split('\n').filter((line) => line.startsWith('| `'));
const known = new Set(
  rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name)),
);

for (const file of globSync('{apps,libs}/*/src/**/*.ts', {
  cwd: workspace,
  exclude: ['libs/proto/src/gen/**'],
}).sort()) {
  const source = ts.createSourceFile(file, readFileSync(join(workspace, file), 'utf8'), ts.ScriptTarget.Latest, true);
  visit(source, (field, node) => {
    if (known.has(field)) return;
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    console.error(`${file}:${line + 1}: the log field ${field} is not in docs/glossary.md`);
    process.exitCode = 1;
  });
}

/** Reports the fields of `log.info({ ... }, 'text')` and the like. */
function visit(node: ts.Node, report: (field: string, node: ts.Node) => void): void {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression: target, name } = node.expression;
    const [fields] = node.arguments;
    if (
      LEVELS.has(name.text) &&
      /\blog(ger)?$/.test(target.getText()) &&
      fields &&
      ts.isObjectLiteralExpression(fields)
    ) {
      for (const property of fields.properties) if (property.name) report(property.name.getText(), property);
    }
  }
  node.forEachChild((child) => visit(child, report));
}
