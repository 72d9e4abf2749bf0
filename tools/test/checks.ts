import type { Task } from './task.ts';

const JEST = 'node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js';

/** What is checked without running Berth. */
export function checkTasks(workspace: string): Task[] {
  const check = (name: string, command: string): Task => ({ name, command, cwd: workspace, kind: 'check' });
  return [
    check('lint', 'eslint --max-warnings=0 .'),
    check('types', 'tsc -p .'),
    check('format', 'prettier --check --log-level=warn .'),
    check('boundaries', 'node tools/check-boundaries.ts'),
    check('links', 'node tools/check-links.ts'),
    check('log fields', 'node tools/check-log-fields.ts'),
    check('proto lint', 'buf lint proto'),
    check('proto format', 'buf format --diff --exit-code proto'),
    check('proto breaking', 'sh tools/check-proto-breaking.sh'),
    check('deploy', 'sh tools/check-deploy.sh'),
    { name: 'unit tools', command: `${JEST} --rootDir tools --config jest.config.mjs`, cwd: workspace, kind: 'jest' },
  ];
}
