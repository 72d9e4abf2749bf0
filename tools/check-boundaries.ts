// Fails when an import goes against the architecture.
import { join } from 'node:path';
import { findViolations } from './boundaries/find-violations.ts';
import { readProjects } from './boundaries/read-projects.ts';

const violations = findViolations(readProjects(join(import.meta.dirname, '..')));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length > 0 ? 1 : 0;
