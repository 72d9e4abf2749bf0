import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Task } from './task.ts';

const target = z.object({ command: z.string().optional() });
const nxJson = z.object({ targetDefaults: z.record(z.string(), target) });
const packageJson = z.object({ nx: z.object({ targets: z.record(z.string(), target).optional() }).optional() });

/** How a target's output tells what passed, where it is not jest's. */
const KINDS: Readonly<Record<string, Task['kind']>> = { fuzz: 'check', 'native-test': 'tap', vm: 'tap' };

/** The tasks of one Nx target, one for each project that has it. The recipes are Nx's; what they depend on was built by setup.sh. */
export function findTargetTasks(workspace: string, targetName: string): Task[] {
  const defaults = nxJson.parse(readJson(join(workspace, 'nx.json'))).targetDefaults;
  const files = globSync('{libs,apps}/*/package.json', { cwd: workspace }).sort();
  return files.flatMap((file) => {
    const cwd = join(workspace, dirname(file));
    const own = packageJson.parse(readJson(join(workspace, file))).nx?.targets?.[targetName];
    const command = own?.command ?? defaults[targetName]?.command;
    if (own === undefined || command === undefined) return [];
    const kind = KINDS[targetName] ?? 'jest';
    return [{ name: `${targetName} ${basename(cwd)}`, command, cwd, kind }];
  });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
